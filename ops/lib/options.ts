/** Options that many commands have. */
import type { OptionSpecs } from "../../cli/options.ts";
import { schemas } from "../../components/registry.ts";

export const dryRunOption = {
  "dry-run": { type: "boolean", help: "change nothing, say what would change" },
} as const satisfies OptionSpecs;

export const jsonOption = { json: { type: "boolean", help: "print JSON" } } as const satisfies OptionSpecs;

export const yesOption = {
  yes: { type: "boolean", help: "do not ask before deploying" },
} as const satisfies OptionSpecs;

export const noUpOption = {
  "no-up": { type: "boolean", help: "only change the stack's file" },
} as const satisfies OptionSpecs;

export const unlockOption = {
  type: "boolean",
  help: "override the lock of another machine on which nothing runs any more",
} as const satisfies OptionSpecs[string];

export const systemOption = {
  system: { type: "choice", choices: Object.keys(schemas), value: "NAME", help: "only this system" },
} as const satisfies OptionSpecs;

export const allOption = {
  all: { type: "boolean", help: "print also what is as it should be" },
} as const satisfies OptionSpecs;

/** Where the default kubeconfig is the stack's own. */
export const stackKubeconfigOption = {
  kubeconfig: {
    type: "string",
    value: "FILE",
    help: "kubeconfig of the cluster (default: the stack's secret clusters:NAME)",
  },
} as const satisfies OptionSpecs;
