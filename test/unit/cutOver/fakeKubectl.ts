/** Stands in for kubectl on a command line: the old cluster if its kubeconfig is named, else the new one, and PostgreSQL in pods. */
import { readFileSync } from "node:fs";
import type { Json } from "../../../policy/manifest.ts";
import { FakeCluster } from "./fakeCluster.ts";

const given = process.argv.slice(2);
const at = given.indexOf("--kubeconfig");
const isOld = given[at + 1]?.endsWith("/old") === true;
const world = JSON.parse(readFileSync(process.env.FAKE_CLUSTERS ?? "", "utf8")) as {
  readonly servers: { readonly old: string; readonly fresh: string };
  readonly old: readonly Json[];
};
const cluster = new FakeCluster(isOld ? world.servers.old : world.servers.fresh, isOld ? world.old : []);
const namespace = given.slice(0, at);
const [verb = "", ...words] = given.filter((_, index) => index >= at + 2);

if (verb === "exec") console.log(inPod(words.join(" ")));
else console.log(await cluster.output([verb, ...words.slice(0, 1), ...namespace, ...words.slice(1)]));

function inPod(text: string): string {
  if (text.includes("server_version_num")) return "130023";
  const row = { name: "packit", owner: "packit", encoding: "UTF8", collate: "C", ctype: "C", bytes: 1 };
  if (text.includes("pg_database_size")) return JSON.stringify([row]);
  throw new Error(`nobody plays ${text}`);
}
