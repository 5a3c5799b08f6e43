/** The rules of the house as pure functions over rendered objects; unit tests and the policy pack run the same. */
import { accessRules } from "./accessRules.ts";
import { type Manifest, title } from "./manifest.ts";
import { objectRules } from "./objectRules.ts";
import { noPinnedIds, podRules, type Rule } from "./podRules.ts";
import { referenceRules } from "./referenceRules.ts";

export { type Json, type Manifest, toManifest } from "./manifest.ts";

/** Rules about one object at a time. */
export const rules: readonly Rule[] = [...objectRules, ...accessRules, ...podRules];

/** Everything that is wrong with a set of objects, each with the rule's name. */
export function faults(
  manifests: readonly Manifest[],
  options: { readonly openshift?: boolean; readonly external?: readonly string[] } = {},
): readonly string[] {
  const single = options.openshift === true ? [...rules, noPinnedIds] : rules;
  return [
    ...manifests.flatMap((one) =>
      single.flatMap((rule) => rule.check(one).map((fault) => `${title(one)} ${fault} [${rule.name}]`)),
    ),
    ...referenceRules.flatMap((rule) =>
      rule.check(manifests, options.external).map((fault) => `${fault} [${rule.name}]`),
    ),
  ];
}
