/** The policies as a CrossGuard policy pack: `pulumi preview --policy-pack policy`. */
import {
  PolicyPack,
  type PolicyConfigSchema,
  type ResourceValidationPolicy,
  type StackValidationPolicy,
} from "@pulumi/policy";
import { cloudRules, type RuleOptions } from "./cloudRules.ts";
import { type Json, type Manifest, toManifest } from "./manifest.ts";
import { manifestRules } from "./violations.ts";
import { referenceRules } from "./referenceRules.ts";

/** `{"protected": {"disposable": true}}` in the file of `--policy-pack-config` allows unprotected resources in a test stack. */
const disposable: PolicyConfigSchema = { properties: { disposable: { type: "boolean", default: false } } };

/** `{"keys-exist": {"external": ["Secret apps/s"]}}`: objects that exist outside the program. */
const external: PolicyConfigSchema = {
  properties: { external: { type: "array", items: { type: "string" }, default: [] } },
};

const objectPolicies = manifestRules.map((rule): ResourceValidationPolicy => ({
  name: rule.name,
  description: rule.description,
  validateResource: ({ type, props }, report) => {
    const manifest = toManifest(type, props);
    for (const violation of manifest === undefined ? [] : rule.check(manifest)) report(violation);
  },
}));

const cloudPolicies = cloudRules.map((rule): ResourceValidationPolicy => ({
  name: rule.name,
  description: rule.description,
  configSchema: disposable,
  validateResource: ({ type, name, urn, props, opts, ...args }, report) => {
    const declared = { type, name, urn, inputs: props as Json, protect: opts.protect };
    for (const violation of rule.check(declared, args.getConfig<RuleOptions>())) report(violation);
  },
}));

const stackPolicies = referenceRules.map((rule): StackValidationPolicy => ({
  name: rule.name,
  description: rule.description,
  configSchema: external,
  validateStack: (args, report) => {
    const manifests: Manifest[] = args.resources.flatMap(
      ({ type, props, provider }) => toManifest(type, props, provider?.urn) ?? [],
    );
    for (const violation of rule.check(manifests, args.getConfig<{ external?: string[] }>().external))
      report(violation);
  },
}));

new PolicyPack("orrery", {
  enforcementLevel: "mandatory",
  policies: [...objectPolicies, ...cloudPolicies, ...stackPolicies],
});
