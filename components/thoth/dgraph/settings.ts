import { z } from "zod";
import type { RuleProblem } from "../../../config/define.ts";
import { namespaceName } from "../../../config/fields.ts";

const host = z.hostname({ error: "expected a host name" });

const certificates = z.discriminatedUnion("mode", [
  z.strictObject({
    mode: z.literal("generated").describe("Made by the program; the authority is kept, the others are renewed."),
    validDays: z.int().min(2).max(3650).default(365).describe("Days that server and client certificates are valid."),
    renewDays: z.int().min(1).default(30).describe("Days before their end on which the next update renews them."),
  }),
  z.strictObject({ mode: z.literal("supplied").describe("Given as secrets, made with `dgraph cert`.") }),
]);

/** Dgraph, the graph database of the Thoth station. */
export const dgraphSettings = z.strictObject({
  cluster: z.string().min(1).describe("Cluster that runs it."),
  namespace: namespaceName.describe(
    "Namespace of Dgraph; thoth-dgraph-stage, or thoth-test-core with everything else.",
  ),
  createNamespace: z.boolean().default(true).describe("Make the namespace; off where something else does."),
  mode: z.enum(["ha", "single"]).describe("Servers of their own that agree among themselves, or one pod with all."),
  version: z
    .string()
    .regex(/^v\d+\.\d+\.\d+$/, "expected a version such as v1.0.15")
    .default("v1.0.15")
    .describe("Tag of dgraph/dgraph; from v21 on other flags are used. The station's clients need v1."),
  alphas: z.int().min(1).default(3).describe("Data servers with mode ha: a multiple of 3, the replicas of a group."),
  storageClass: z.string().min(1).optional().describe("Class of the volumes; the cluster's default unless given."),
  storageSize: z
    .string()
    .regex(/^\d+[KMGT]i$/, "expected a size such as 5Gi")
    .default("5Gi")
    .describe("Size of each volume; may grow, never shrink."),
  whitelist: z
    .string()
    .regex(/^[0-9a-f.:/,]+$/, "expected addresses or ranges, e.g. 172.54.0.0:172.54.255.255")
    .describe("Addresses that may administer the data servers: the cluster's pod network."),
  hosts: z
    .strictObject({ zeroRest: host.optional(), alphaRest: host.optional(), alphaGrpc: host.optional() })
    .prefault({})
    .describe("Public names instead of <route>-<namespace>.<apps domain>."),
  exposeZero: z
    .boolean()
    .default(false)
    .describe("Publish the managers' HTTP interface, which asks nobody for a password."),
  ratel: z.boolean().default(false).describe("Run the web interface, inside the cluster only."),
  exporters: z.boolean().default(true).describe("Collect the metrics of all servers, with mode ha."),
  certificates: certificates.prefault({ mode: "generated" }),
  clients: z
    .array(namespaceName)
    .default([])
    .describe("Namespaces whose pods may ask it; each gets the Secret dgraph-tls."),
  protect: z
    .boolean()
    .default(true)
    .describe("Refuse to delete the namespace, the data and the certificate authority."),
  retainOnDelete: z.boolean().default(false).describe("Leave data in the cluster when it leaves the program."),
});
export type DgraphSettings = z.infer<typeof dgraphSettings>;

/** Problems across Dgraph's settings. */
export function dgraphProblems({
  mode,
  alphas,
  certificates: made,
  clients,
  namespace,
}: DgraphSettings): readonly RuleProblem[] {
  const odd =
    mode === "ha" && alphas % 3 !== 0
      ? [
          {
            path: "dgraph.alphas",
            problem: `got ${alphas}; expected a multiple of 3: a group that is not whole has no redundancy`,
          },
        ]
      : [];
  const late =
    made.mode === "generated" && made.renewDays >= made.validDays
      ? [
          {
            path: "dgraph.certificates.renewDays",
            problem: `got ${made.renewDays}; expected less than validDays (${made.validDays})`,
          },
        ]
      : [];
  const own = clients.includes(namespace)
    ? [{ path: "dgraph.clients", problem: `names "${namespace}", Dgraph's own namespace, which has the Secret anyway` }]
    : [];
  return [...odd, ...late, ...own];
}
