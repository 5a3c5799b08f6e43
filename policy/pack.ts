/** The rules of the house as a CrossGuard policy pack: `pulumi preview --policy-pack policy`. */
import {
  PolicyPack,
  type PolicyConfigSchema,
  type ResourceValidationPolicy,
  type StackValidationPolicy,
} from "@pulumi/policy";
import { cloudRules, type RuleOptions } from "./cloudRules.ts";
import { type Json, type Manifest, toManifest } from "./manifest.ts";
import { rules } from "./predicates.ts";
import { referenceRules } from "./referenceRules.ts";

/** `{"protected": {"disposable": true}}` in the file of `--policy-pack-config` lets a test stack go unprotected. */
const disposable: PolicyConfigSchema = { properties: { disposable: { type: "boolean", default: false } } };

/** `{"keys-exist": {"external": ["Secret apps/s"]}}`: objects that others own. */
const external: PolicyConfigSchema = {
  properties: { external: { type: "array", items: { type: "string" }, default: [] } },
};

const aboutObjects = rules.map((rule): ResourceValidationPolicy => ({
  name: rule.name,
  description: rule.description,
  validateResource: ({ type, props }, report) => {
    const manifest = toManifest(type, props);
    for (const fault of manifest === undefined ? [] : rule.check(manifest)) report(fault);
  },
}));

const aboutClouds = cloudRules.map((rule): ResourceValidationPolicy => ({
  name: rule.name,
  description: rule.description,
  configSchema: disposable,
  validateResource: ({ type, name, urn, props, opts, ...args }, report) => {
    const declared = { type, name, urn, inputs: props as Json, protect: opts.protect };
    for (const fault of rule.check(declared, args.getConfig<RuleOptions>())) report(fault);
  },
}));

const aboutAll = referenceRules.map((rule): StackValidationPolicy => ({
  name: rule.name,
  description: rule.description,
  configSchema: external,
  validateStack: (args, report) => {
    const manifests: Manifest[] = args.resources.flatMap(
      ({ type, props, provider }) => toManifest(type, props, provider?.urn) ?? [],
    );
    for (const fault of rule.check(manifests, args.getConfig<{ external?: string[] }>().external)) report(fault);
  },
}));

new PolicyPack("orrery", {
  enforcementLevel: "mandatory",
  policies: [...aboutObjects, ...aboutClouds, ...aboutAll],
});
