/** Stands in for kubectl and, within pods, for PostgreSQL's programs: as much as the database commands ask for. */
import { readWorld, writeWorld } from "./fakeWorld.ts";

const words = process.argv.slice(2).filter((word, at, all) => word !== "--namespace" && all[at - 1] !== "--namespace");
const world = readWorld();
const database = { name: "packit", owner: "packit", encoding: "UTF8", collate: "C", ctype: "C", bytes: 1000 };
const text = words.join(" ");
const [verb, ...rest] = words;
const say = (value: unknown): void => {
  console.log(typeof value === "string" ? value : JSON.stringify(value));
};

if (verb === "config") say({ clusters: [{ cluster: { server: world.server } }] });
else if (verb === "exec") inPod();
else if (verb === "get" && rest.includes("service")) say({ spec: { selector: { app: world.selector } } });
else if (verb === "get" && rest.includes("name"))
  say(world.selectorAfter === "postgres-12" ? "" : "deployment/postgres-13");
else if (verb === "get") say(workload(rest[1] ?? ""));
else if (verb === "scale" && text.includes("--replicas=0") && world.course === "stopped while it stops") {
  process.kill(process.ppid, "SIGTERM");
  // The others are asked for their number of pods meanwhile, if the command goes on.
  await new Promise((resolve) => setTimeout(resolve, 500));
  change(rest[1] ?? "", (one) => ({ ...one, replicas: 0 }));
} else if (verb === "scale")
  change(rest[1] ?? "", (one) => ({ ...one, replicas: Number(/--replicas=(\d+)/.exec(text)?.[1]) }));
else if (verb === "annotate") annotate();
else if (verb === "delete") world.calls.push(`kubectl ${text}`);
writeWorld(world);

function change(name: string, how: (one: { replicas: number }) => { replicas: number; remembered?: string }): void {
  world.pods[name] = how(world.pods[name] ?? { replicas: 2 });
}

function workload(name: string): object {
  const { replicas, remembered } = world.pods[name] ?? { replicas: 2 };
  const annotations = remembered === undefined ? {} : { "orrery/replicas": remembered };
  return { metadata: { name, annotations, managedFields: [] }, spec: { replicas }, status: { replicas } };
}

function annotate(): void {
  const [, given] = /orrery\/replicas=(\d+)/.exec(text) ?? [];
  const name = rest.find((word) => word in world.pods || /^packit|^fedmsg|worker|beat/.test(word)) ?? "";
  if (given !== undefined) change(name, ({ replicas }) => ({ replicas, remembered: given }));
  else if (text.includes("orrery/replicas-")) change(name, ({ replicas }) => ({ replicas }));
}

function inPod(): void {
  if (text.includes("df -Pk")) say("Filesystem\n/dev/x 1 1 99999999 1% /");
  else if (text.includes("pg_dumpall")) say("-- PostgreSQL database cluster dump complete");
  else if (text.includes("pg_dump") && world.course === "stopped while it dumps") {
    say("-- PostgreSQL database dump");
    process.kill(process.ppid, "SIGTERM");
    setInterval(() => undefined, 1000);
  } else if (text.includes("pg_dump")) say("-- PostgreSQL database dump\n-- PostgreSQL database dump complete");
  else if (text.includes("pg_database_size")) say([database]);
  else if (text.includes("relkind")) say(text.includes("--dbname postgres") ? [] : [{ name: "public.t", count: 3 }]);
  else if (text.includes("SHOW data_directory")) say("/data");
}
