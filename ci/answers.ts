/**
 * `node ci/run.mjs answers --stack STACK | URL...`: checks that every Route and Ingress of a deployed stack that has a fixed host name responds.
 * Any status below 500 counts, so that a page behind a login is up.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { valueAt } from "../review/report/format.ts";
import type { Rendered } from "../review/evaluate/render.ts";
import { run } from "./github.ts";

run("answers", async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { stack: { type: "string" }, seconds: { type: "string", default: "300" }, list: { type: "boolean" } },
  });
  const urls = values.stack === undefined ? positionals : await addresses(values.stack);
  if (values.stack === undefined && urls.length === 0)
    throw new Error("Usage: node ci/run.mjs answers --stack STACK | URL... [--seconds 300] [--list]");
  if (values.list === true) {
    console.log(urls.join("\n"));
    return 0;
  }
  const end = Date.now() + Number(values.seconds) * 1000;
  const failed = (await Promise.all(urls.map(async (url) => [url, await poll(url, end)] as const))).filter(
    ([, problem]) => problem !== undefined,
  );
  for (const [url, problem] of failed) console.log(`${url}: ${problem ?? ""}`);
  console.log(`${urls.length - failed.length} of ${urls.length} addresses respond`);
  return failed.length === 0 ? 0 : 1;
});

/** The addresses of a stack, from its render. */
async function addresses(stack: string): Promise<readonly string[]> {
  const { render } = await import("../review/evaluate/render.ts");
  return [...new Set((await render(stack)).flatMap(addressesOf))].sort();
}

function addressesOf({ type, inputs }: Rendered): readonly string[] {
  const url = (host: unknown, path: unknown, secure: boolean): readonly string[] =>
    typeof host === "string" ? [`${secure ? "https" : "http"}://${host}${typeof path === "string" ? path : "/"}`] : [];
  const items = (...keys: readonly string[]): readonly unknown[] => {
    const found = valueAt(inputs, ...keys);
    return Array.isArray(found) ? found : [];
  };
  if (type === "kubernetes:route.openshift.io/v1:Route")
    return url(
      valueAt(inputs, "spec", "host"),
      valueAt(inputs, "spec", "path"),
      valueAt(inputs, "spec", "tls") !== undefined,
    );
  if (type === "kubernetes:networking.k8s.io/v1:Ingress")
    return items("spec", "rules").flatMap((rule) => url(valueAt(rule, "host"), "/", items("spec", "tls").length > 0));
  return [];
}

/** Polls an address until it responds or `end` is reached. @returns undefined, or the last problem */
async function poll(url: string, end: number): Promise<string | undefined> {
  for (;;) {
    const problem = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(15_000) }).then(
      ({ status }) => (status < 500 ? undefined : `responded with ${status}`),
      (error: unknown) => reason(error),
    );
    if (problem === undefined || Date.now() > end) return problem;
    await sleep(Math.min(5_000, Math.max(0, end - Date.now())));
  }
}

/** The cause of fetch's unspecific "fetch failed". */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
