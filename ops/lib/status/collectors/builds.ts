/** Builds on OpenShift: which images could not be built. */
import { asObject, asText } from "../../../../policy/manifest.ts";
import { type Collector, perCluster } from "../collector.ts";
import type { LiveObject } from "../clusterReader.ts";
import type { Found } from "../row.ts";
import type { DeclaredObject } from "../situation.ts";

const isBuild = ({ manifest }: DeclaredObject): boolean => manifest.kind === "BuildConfig";

/** Row of a BuildConfig, by its newest build. @param builds - of its namespace */
export function buildRow({ system, manifest }: DeclaredObject, builds: readonly LiveObject[]): Found {
  const row = { system, part: `${manifest.namespace}/${manifest.name}` };
  const own = builds.filter(({ status }) => asText(asObject(status?.config).name) === manifest.name);
  const [newest] = own.toSorted((a, b) => timeOf(b) - timeOf(a));
  if (newest === undefined) return { ...row, state: "ok", text: "was never built" };
  const { phase, reason, message, completionTimestamp } = newest.status ?? {};
  const text = `build ${newest.metadata.name} is ${asText(phase)}`;
  if (phase !== "Failed" && phase !== "Error") return { ...row, state: "ok", text };
  const why = [reason, message].map(asText).filter((one) => one !== "");
  const since = asText(completionTimestamp);
  return { ...row, state: "bad", text: [text, ...why].join(": "), ...(since === "" ? {} : { since }) };
}

const timeOf = ({ metadata }: LiveObject): number => Date.parse(metadata.creationTimestamp ?? "");

export const builds: Collector = {
  name: "builds",
  asks: "which images OpenShift could not build",
  questions: (situation) =>
    perCluster(
      situation,
      async ({ objects, reader }) => {
        const rows = objects.filter(isBuild).map(async (one) => {
          const { namespace, apiVersion } = one.manifest;
          return buildRow(one, await reader.list({ apiVersion, kind: "Build", namespace }));
        });
        return Promise.all(rows);
      },
      ({ objects }) => objects.some(isBuild),
    ),
};
