/** What adoption keeps of a Dgraph that runs: the members of its groups, and its certificates. */
import type { ThothSettings } from "../../../components/thoth/settings.ts";
import { asNumber, valueAt } from "../adopt/settingTable.ts";
import type { Observed } from "../adopt/settingTable.ts";
import type { SecretChange, SettingChange } from "../adopt/stackDraft.ts";
import { asTexts } from "../../../policy/manifest.ts";
import { copiesOf, groupLoss } from "./dgraphGroups.ts";

/** Keys of the Secret `dgraph-tls` and the secrets that they become. */
const certificates = {
  "ca.crt": "thoth:dgraphCaCrt",
  "node.crt": "thoth:dgraphNodeCrt",
  "node.key": "thoth:dgraphNodeKey",
  "client.user.crt": "thoth:dgraphClientUserCrt",
  "client.user.key": "thoth:dgraphClientUserKey",
} as const;

/** Why the declared number of data servers must not be; undefined if nothing is lost. */
export function alphasProblem({ dgraph }: ThothSettings, { live, declared }: Observed): string | undefined {
  if (dgraph?.mode !== "ha") return undefined;
  const title = `StatefulSet ${dgraph.namespace}/alpha`;
  const [running, wanted] = [live(title), declared(title)].map((one) => asNumber(valueAt(one, "spec.replicas")));
  if (running === undefined || wanted === undefined) return undefined;
  const loss = groupLoss(running, copiesOf(live(`StatefulSet ${dgraph.namespace}/zero`)), wanted);
  return loss === undefined ? undefined : `${title}: ${loss}`;
}

/** What of a stack's file changes for what is taken over, and what cannot be. */
export interface TakenCertificates {
  readonly changes: readonly SettingChange[];
  readonly secrets: readonly SecretChange[];
  readonly problem?: string;
}

/** Live certificates, which clients know, instead of those that the program would generate. */
export function liveCertificates({ dgraph }: ThothSettings, { live }: Observed): TakenCertificates {
  const nothing = { changes: [], secrets: [] };
  if (dgraph?.certificates.mode !== "generated") return nothing;
  const because = `Secret ${dgraph.namespace}/dgraph-tls`;
  const texts = asTexts(live(because)?.data);
  const found = Object.entries(certificates).map(([key, secret]) => {
    return { key, secret, text: Buffer.from(texts[key] ?? "", "base64").toString("utf8") };
  });
  const missing = found.filter(({ text }) => text.trim() === "").map(({ key }) => key);
  if (missing.length === found.length) return nothing;
  if (missing.length > 0)
    return {
      ...nothing,
      problem:
        `${because} has certificates without ${missing.join(", ")}: the first up would generate others, which clients do not know; ` +
        "add what is missing (dgraph cert -c user), or delete the Secret",
    };
  return {
    changes: [{ namespace: "thoth", at: ["dgraph", "certificates"], value: { mode: "supplied" }, because }],
    secrets: found.map(({ secret, text }) => ({ key: secret, text, because })),
  };
}
