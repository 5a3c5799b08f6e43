/** Evaluates a stack against all policies: its violations, and the exceptions that its objects claim. */
import type { Rendered } from "../review/evaluate/render.ts";
import { accessRules } from "./accessRules.ts";
import { type Declared, cloudRules, type RuleOptions } from "./cloudRules.ts";
import { asObject, asText, asTexts, type Manifest, title, toManifest } from "./manifest.ts";
import { objectRules } from "./objectRules.ts";
import { noPinnedIds, podRules, type Rule } from "./podRules.ts";
import { referenceRules } from "./referenceRules.ts";

/** Policies about a single Kubernetes object. */
export const manifestRules: readonly Rule[] = [...objectRules, ...accessRules, ...podRules];

/** A resource with the URN of its provider, which identifies the cluster. */
export type StackResource = Declared & { readonly provider: string };

/** A render's resources in the shape that the policies take. */
export function stackResources(rendered: readonly Rendered[]): readonly StackResource[] {
  return rendered.map(({ urn, type, name, provider, inputs, options }) => {
    return { urn, type, name, provider, inputs: asObject(inputs), protect: options.protect === true };
  });
}

/** Kubernetes objects among a stack's resources. */
export function manifestsOf(resources: readonly StackResource[]): readonly Manifest[] {
  return resources.flatMap(({ type, inputs, provider }) => toManifest(type, inputs, provider) ?? []);
}

/** Violations of all policies: `NAME what is wrong [policy]`. */
export function evaluate(
  resources: readonly StackResource[],
  options: RuleOptions & { readonly external?: readonly string[] } = {},
): readonly string[] {
  const single = resources.flatMap((one) =>
    cloudRules.flatMap((rule) =>
      rule.check(one, options).map((violation) => `${one.name} ${violation} [${rule.name}]`),
    ),
  );
  return [...single, ...manifestViolations(manifestsOf(resources), options)];
}

/** Violations among Kubernetes objects: `Kind namespace/name what is wrong [policy]`. */
export function manifestViolations(
  manifests: readonly Manifest[],
  options: { readonly openshift?: boolean; readonly external?: readonly string[] } = {},
): readonly string[] {
  const single = options.openshift === true ? [...manifestRules, noPinnedIds] : manifestRules;
  return [
    ...manifests.flatMap((one) =>
      single.flatMap((rule) => rule.check(one).map((violation) => `${title(one)} ${violation} [${rule.name}]`)),
    ),
    ...referenceRules.flatMap((rule) =>
      rule.check(manifests, options.external).map((violation) => `${violation} [${rule.name}]`),
    ),
  ];
}

/** One claimed exception from one policy. */
export interface Exception {
  readonly rule: string;
  /** `Kind namespace/name`, followed by the container or "pod" if the policy applies to one. */
  readonly where: string;
  readonly reason: string;
}

/** Every exception that objects claim in their annotations `orrery/exception-<rule>`. */
export function exceptionsOf(manifests: readonly Manifest[]): readonly Exception[] {
  return manifests.flatMap((manifest) =>
    Object.entries(asTexts(asObject(manifest.body.metadata).annotations))
      .filter(([key]) => key.startsWith("orrery/exception-"))
      .flatMap(([key, value]) =>
        asText(value)
          .split("\n")
          .map((line) => {
            const [, who, reason] = /^(?:([\w-]+): )?(.*)$/s.exec(line) ?? [];
            const where = who === undefined ? title(manifest) : `${title(manifest)} ${who}`;
            return { rule: key.slice("orrery/exception-".length), where, reason: reason ?? "" };
          }),
      ),
  );
}
