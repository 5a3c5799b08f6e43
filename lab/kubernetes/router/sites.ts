/** What the router serves: one site for each host and path, whichever kind of object asks for it. */
import type { KubeObject } from "../api.ts";
import type { EndpointSlice } from "./objects.ts";

/** A host and path with what happens to its calls. */
export interface Site {
  /** In lower case. */
  readonly host: string;
  readonly path: SitePath;
  /** Who sees the TLS: nobody (plain HTTP alone), the router, the pod, or one after the other. */
  readonly tls: "none" | "edge" | "reencrypt" | "passthrough";
  /** Answer to plain HTTP: the site, nothing, or a redirect with this status. */
  readonly plain: "serve" | "refuse" | 302 | 308;
  /** PEM of the certificates and of their key. @default one of the lab's authority */
  readonly certificate?: string;
  readonly backend: Backend;
}

export interface SitePath {
  /** `prefix` ends at a slash; `pattern` is a regular expression for the beginning, in any case. */
  readonly kind: "prefix" | "exact" | "pattern";
  readonly value: string;
}

export interface Backend {
  /** Unique; of the characters that HAProxy takes. */
  readonly name: string;
  /** `address:port` of the pods that are ready. */
  readonly servers: readonly string[];
  /** PEM that the pod's certificate must chain to; empty: any certificate will do. Given if TLS goes on to the pod. */
  readonly authority?: string;
  /** HAProxy's notation. @default 30s */
  readonly timeout?: string;
  /** Allowed source ranges. @default all */
  readonly allow?: readonly string[];
  /** What others get: a closed connection, or status 403. */
  readonly refusal: "close" | 403;
  /** Replaces what the path's pattern matches; \1 is its first group. @default the path is passed on as it is */
  readonly rewrite?: string;
}

/** A port whose connections go to pods as they are. */
export interface TcpSite {
  readonly port: number;
  /** `address:port` of the pods that are ready. */
  readonly servers: readonly string[];
}

/** Why an object is not served. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** What comes of an object. */
export interface Outcome<T extends KubeObject> {
  readonly object: T;
  readonly sites: readonly Site[];
  /** @default it is served */
  readonly refusal?: Refusal;
}

/** The ready pods of a Service, in order. @param wanted - whether a port of the slice is meant */
export function serversOf(
  slices: readonly EndpointSlice[],
  namespace: string,
  service: string,
  wanted: (port: { readonly name?: string; readonly port?: number }) => boolean,
): string[] {
  const found = slices
    .filter(
      ({ metadata, addressType }) =>
        metadata.namespace === namespace &&
        metadata.labels?.["kubernetes.io/service-name"] === service &&
        addressType === "IPv4",
    )
    .flatMap(({ endpoints, ports }) => {
      const numbers = (ports ?? []).filter(wanted).flatMap(({ port }) => (port === undefined ? [] : [port]));
      const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
      return ready.flatMap(({ addresses }) => numbers.map((number) => `${addresses[0] ?? ""}:${number}`));
    });
  return [...new Set(found)].sort();
}

/** Address ranges, separated by spaces or commas, IPv4 or IPv6; undefined if one is none, as routers then ignore the list. */
export function rangesOf(text = ""): readonly string[] | undefined {
  const ranges = text.split(/[\s,]+/).filter((word) => word !== "");
  return ranges.length > 0 &&
    ranges.every((range) => /^([0-9.]+|[0-9a-fA-F:]*:[0-9a-fA-F:.]*)(\/\d{1,3})?$/.test(range))
    ? ranges
    : undefined;
}

/** Whether a text may stand within quotes in HAProxy's configuration. */
export const quotable = (text: string): boolean => /^[\x21-\x26\x28-\x7e]*$/.test(text);
