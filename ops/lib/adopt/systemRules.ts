/** What single systems keep of what runs, or refuse, beyond settings of fields. */
import type { ThothSettings } from "../../../components/thoth/settings.ts";
import type { StackSecrets } from "../secrets/stackSecrets.ts";
import { alphasProblem, liveCertificates } from "../thoth/dgraphAdoption.ts";
import type { Observed } from "./settingTable.ts";
import type { SecretChange, SettingChange } from "./stackDraft.ts";

/** Changes of a stack's file by default, and why an adoption has to wait. */
export interface Rules {
  readonly changes: readonly SettingChange[];
  readonly secrets: readonly SecretChange[];
  readonly problems: readonly string[];
}

/** Asks each system of the stack. */
export function systemRules({ systems }: Pick<StackSecrets, "systems">, observed: Observed): Rules {
  const thoth = systems.find(({ schema }) => schema.namespace === "thoth")?.stack.settings as ThothSettings | undefined;
  if (thoth === undefined) return { changes: [], secrets: [], problems: [] };
  const { changes, secrets, problem } = liveCertificates(thoth, observed);
  const problems = [alphasProblem(thoth, observed), problem].filter((one) => one !== undefined);
  return { changes, secrets, problems };
}
