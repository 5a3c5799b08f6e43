/** A whole stack's resources against all rules: what is wrong, and which exceptions were made with which reason. */
import type { Rendered } from "../review/render.ts";
import { type Declared, cloudRules, type RuleOptions } from "./cloudRules.ts";
import { type Manifest, object, text, texts, title, toManifest } from "./manifest.ts";
import { faults } from "./predicates.ts";

/** A resource with its provider, which tells clusters apart. */
export type Judged = Declared & { readonly provider: string };

/** A render's resources as the rules want them. */
export function judged(rendered: readonly Rendered[]): readonly Judged[] {
  return rendered.map(({ urn, type, name, provider, inputs, options }) => {
    return { urn, type, name, provider, inputs: object(inputs), protect: options.protect === true };
  });
}

/** One reason for breaking one rule. */
export interface Exception {
  readonly rule: string;
  /** `Kind namespace/name`, and the container or pod where the rule is about one. */
  readonly where: string;
  readonly reason: string;
}

/** What is wrong with a stack, a sentence each with the rule's name. */
export function judge(
  resources: readonly Judged[],
  options: RuleOptions & { readonly external?: readonly string[] } = {},
): readonly string[] {
  const single = resources.flatMap((one) =>
    cloudRules.flatMap((rule) => rule.check(one, options).map((fault) => `${one.name} ${fault} [${rule.name}]`)),
  );
  return [...single, ...faults(manifestsOf(resources), options)];
}

/** Kubernetes objects among a stack's resources. */
export function manifestsOf(resources: readonly Judged[]): readonly Manifest[] {
  return resources.flatMap(({ type, inputs, provider }) => toManifest(type, inputs, provider) ?? []);
}

/** Every exception that objects claim, by their annotations `orrery/exception-<rule>`. */
export function exceptionsOf(manifests: readonly Manifest[]): readonly Exception[] {
  return manifests.flatMap((manifest) =>
    Object.entries(texts(object(manifest.body.metadata).annotations))
      .filter(([key]) => key.startsWith("orrery/exception-"))
      .flatMap(([key, value]) =>
        text(value)
          .split("\n")
          .map((line) => {
            const [, who, reason] = /^(?:([\w-]+): )?(.*)$/s.exec(line) ?? [];
            const where = who === undefined ? title(manifest) : `${title(manifest)} ${who}`;
            return { rule: key.slice("orrery/exception-".length), where, reason: reason ?? "" };
          }),
      ),
  );
}
