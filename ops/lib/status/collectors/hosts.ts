/** Whether the hosts of Routes and Ingresses answer, and for how long their certificates are valid. */
import { asList, asObject, asText } from "../../../../policy/manifest.ts";
import { type Collector, perCluster } from "../collector.ts";
import type { LiveObject } from "../clusterReader.ts";
import { type Found, messageOf } from "../row.ts";
import type { DeclaredObject, Situation } from "../situation.ts";
import { endOf } from "./ends.ts";
import { liveObjects } from "./objects.ts";
import { type Answer, visit } from "./visit.ts";

const kinds = new Set(["Route", "Ingress"]);

/** Addresses of a live Route or Ingress. */
export function addressesOf({ kind, spec = {} }: Pick<LiveObject, "kind" | "spec">): readonly string[] {
  const url = (host: unknown, path: string, secure: boolean): readonly string[] =>
    asText(host) === "" ? [] : [`${secure ? "https" : "http"}://${asText(host)}${path === "" ? "/" : path}`];
  if (kind === "Route") return url(spec.host, asText(spec.path), spec.tls !== undefined);
  const secure = asList(spec.tls).length > 0;
  // A rule without a path is for all of them; nginx takes paths of no standard type for regular expressions.
  return asList(spec.rules).flatMap(({ host, http }) => {
    const [{ path, pathType } = {}] = asList(asObject(http).paths);
    return url(
      host,
      pathType === "ImplementationSpecific" ? asText(path).replace(/[^\w/.~-].*/, "") : asText(path),
      secure,
    );
  });
}

/** Row of an address that answered. Any status below 500 counts, so that a page behind a login is up. */
export function hostRow(
  system: string,
  url: string,
  { status, milliseconds, protocol, until, distrust }: Answer,
  now: Date,
): Found {
  const row = { system, part: partOf(url) };
  const text = `answers ${status} ${protocol === undefined ? "" : `by ${protocol} `}in ${milliseconds} ms`;
  if (status >= 500) return { ...row, state: "bad", text };
  const end = until === undefined ? undefined : endOf("its certificate", until, now);
  if (end !== undefined && end.state !== "ok") return { ...row, state: end.state, text: `${text}; ${end.text}` };
  if (distrust !== undefined)
    return { ...row, state: "warn", text: `${text}; its certificate is not trusted: ${distrust}` };
  return { ...row, state: "ok", text: end === undefined ? text : `${text}; ${end.text}` };
}

/** A host, with its path where it is known by one, as several programs may share it. */
function partOf(url: string): string {
  const { host, pathname } = new URL(url);
  return pathname === "/" ? host : `${host}${pathname}`;
}

/** Row of an address, whether it answers or not. */
export async function askHost(system: string, url: string, { signal, now, lookup }: Situation): Promise<Found> {
  try {
    return hostRow(system, url, await visit(url, signal, lookup), now);
  } catch (error) {
    return { system, part: partOf(url), state: "bad", text: `does not answer: ${messageOf(error)}` };
  }
}

export const hosts: Collector = {
  name: "hosts",
  asks: "whether the hosts of Routes, Ingresses and hubs answer, and when their certificates end",
  questions: (situation) =>
    perCluster(
      situation,
      async ({ objects, reader }) => {
        const declared = objects.filter(isPublic);
        const live = await liveObjects(reader, declared);
        const urls = declared.flatMap(({ system, manifest: { kind, namespace, name } }) =>
          live
            .filter((one) => one.kind === kind && one.metadata.namespace === namespace && one.metadata.name === name)
            .flatMap(addressesOf)
            .map((url) => [url, system] as const),
        );
        return Promise.all([...new Map(urls)].map(([url, system]) => askHost(system, url, situation)));
      },
      ({ objects }) => objects.some(isPublic),
    ),
};

const isPublic = ({ manifest }: DeclaredObject): boolean => kinds.has(manifest.kind);
