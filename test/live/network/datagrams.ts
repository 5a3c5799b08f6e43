/** Datagrams from the pods of a stack to the world outside. */
import type { Row } from "./expectations.ts";
import { type Pair, special, type World } from "./matrix.ts";

/** Who sends datagrams to the world; what no row names must be refused. */
export const datagrams: readonly Row[] = [
  ...["*-bulk", "*-priority"].map((from): Row => {
    return { from, to: "outside", ports: [88], why: "Kerberos of CERN's EOS sidecars" };
  }),
  ...["common-indexer", "common-redbeat", "flower"].map((from): Row => {
    return { from, to: "outside", ports: [88], why: "the ETL's programs share one policy", spare: true };
  }),
  { from: "job", to: "outside", ports: ["any"], why: "tests call what they need" },
  {
    from: "sandbox",
    to: "outside",
    ports: ["any"],
    why: "strangers' commands fetch what they want, but from no private address",
  },
  {
    from: "delete-pvcs",
    to: "outside",
    ports: ["any"],
    why: "the sandboxes' policy selects every pod there",
    spare: true,
  },
];

/** Ports of the world: Kerberos', and two that nobody may call, as DNS is the cluster's matter and the time the node's. */
export const worldDatagrams = [53, 88, 123];

/** Every pod of the stack with every port of the world's that datagrams are tried on. */
export const datagramsOf = ({ endpoints }: World): readonly Pair[] =>
  endpoints.flatMap((from) =>
    endpoints
      .filter((to) => to.name === "outside" && to.cluster === from.cluster && !special.has(from.name))
      .flatMap((to) => worldDatagrams.map((port) => ({ from, to, port }))),
  );
