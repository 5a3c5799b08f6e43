/** HAProxy's configuration for the router's sites. OpenShift's own router is HAProxy, too. */
import { revisionHeader } from "./reload.ts";
import type { Backend, Site, SitePath, TcpSite } from "./sites.ts";

/** Addresses and files of the configuration. */
export interface RouterPlace {
  /** Where ports 80 and 443 are opened. */
  readonly address: string;
  /** Lines of file and host, the default certificate first. */
  readonly certificates: string;
  /** File of the authority that a backend's pods are checked with. */
  readonly authorityFile: (backend: Backend) => string;
  /** Says in force which text it is. */
  readonly revision: string;
}

/** An abstract socket: it lives in the network namespace of the router alone. */
const terminated = "abns@orrery-router";

/** OpenShift's timeouts; as there, a call that a pod at its end refuses goes to another. */
const head = (revision: string): string => `global
  log stderr format raw local0 notice
  user haproxy
  group haproxy
  hard-stop-after 30s
  ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
  log global
  mode http
  option redispatch
  timeout connect 5s
  timeout client 30s
  timeout client-fin 1s
  timeout server 30s
  timeout server-fin 1s
  timeout http-request 10s
  timeout http-keep-alive 300s
  timeout tunnel 1h
backend nothing
  http-request return status 503 content-type text/plain string "The lab's router has no Route and no Ingress for this address.\\n" hdr ${revisionHeader} ${revision}
backend terminate
  mode tcp
  server router ${terminated} send-proxy-v2
`;

const hostVariable = "http-request set-var(txn.host) req.hdr(host),field(1,:),lower";

/** The whole file. */
export function configuration(sites: readonly Site[], place: RouterPlace, tcp: readonly TcpSite[] = []): string {
  const ordered = bySpecificity(sites);
  const passed = ordered.filter(({ tls }) => tls === "passthrough");
  const readable = ordered.filter(({ tls }) => tls !== "passthrough");
  const lines = [
    "frontend plain",
    `  bind ${place.address}:80`,
    ...forwarded("http"),
    ...ordered.flatMap(({ host, path, plain }) =>
      typeof plain === "number"
        ? [`  http-request redirect scheme https code ${plain} if ${condition(host, path)}`]
        : [],
    ),
    ...readable.flatMap((site) => (site.plain === "serve" ? [use(site)] : [])),
    "  default_backend nothing",
    "frontend tls",
    "  mode tcp",
    `  bind ${place.address}:443`,
    "  tcp-request inspect-delay 5s",
    "  tcp-request content accept if { req.ssl_hello_type 1 }",
    ...passed.map(({ host, backend }) => `  use_backend ${backend.name} if { req.ssl_sni -i ${host} }`),
    "  default_backend terminate",
    "frontend https",
    `  bind ${terminated} accept-proxy ssl crt-list ${place.certificates} alpn h2,http/1.1`,
    ...forwarded("https"),
    ...readable.flatMap((site) => (site.tls === "none" ? [] : [use(site)])),
    "  default_backend nothing",
    ...ordered.flatMap((site) => backendLines(site, place)),
    ...tcp.flatMap((site) => tcpLines(site, place)),
  ];
  return `${head(place.revision)}${lines.join("\n")}\n`;
}

function tcpLines({ port, servers }: TcpSite, { address }: RouterPlace): string[] {
  return [
    `listen tcp:${port}`,
    "  mode tcp",
    `  bind ${address}:${port}`,
    `  source ${address}`,
    "  timeout client 1h",
    "  timeout server 1h",
    ...servers.map((server, index) => `  server pod${index} ${server}`),
  ];
}

/** A path that says more comes before one that says less, as HAProxy takes the first that fits. */
function bySpecificity(sites: readonly Site[]): Site[] {
  const exact = ({ path }: Site): number => (path.kind === "exact" ? 1 : 0);
  return [...sites].sort(
    (a, b) => a.host.localeCompare(b.host) || exact(b) - exact(a) || b.path.value.length - a.path.value.length,
  );
}

/** What the program behind learns about the caller. */
function forwarded(scheme: "http" | "https"): string[] {
  return [
    `  ${hostVariable}`,
    "  option forwardfor",
    `  http-request set-header X-Forwarded-Proto ${scheme}`,
    "  http-request set-header X-Forwarded-Host %[req.hdr(host)]",
    "  http-request set-header X-Forwarded-Port %[dst_port]",
  ];
}

const use = ({ host, path, backend }: Site): string => `  use_backend ${backend.name} if ${condition(host, path)}`;

function condition(host: string, path: SitePath): string {
  const named = `{ var(txn.host) -m str ${host} }`;
  if (path.kind === "prefix" && path.value === "/") return named;
  if (path.kind === "exact") return `${named} { path -m str '${path.value}' }`;
  if (path.kind === "pattern") return `${named} { path -i -m reg '^${path.value}' }`;
  return `${named} { path -m reg '^${literal(path.value.replace(/\/$/, ""))}(/|$)' }`;
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function backendLines({ tls, path, backend }: Site, { address, authorityFile }: RouterPlace): string[] {
  const { name, servers, authority, timeout, allow, refusal, rewrite } = backend;
  const raw = tls === "passthrough";
  const check = authority === "" ? "verify none" : `verify required ca-file ${authorityFile(backend)}`;
  const options = authority === undefined ? "" : ` ssl ${check}`;
  const others = `!{ src ${(allow ?? []).join(" ")} }`;
  const limit = refusal === 403 && !raw ? "http-request deny deny_status 403 if" : "tcp-request content reject if";
  return [
    `backend ${name}`,
    `  mode ${raw ? "tcp" : "http"}`,
    `  source ${address}`, // as NetworkPolicies know the router
    `  balance ${raw ? "source" : "random"}`,
    ...(timeout === undefined ? [] : [`  timeout server ${timeout}`, ...(raw ? [`  timeout tunnel ${timeout}`] : [])]),
    ...(allow === undefined ? [] : [`  ${limit} ${others}`]),
    ...(rewrite === undefined || path.kind !== "pattern"
      ? []
      : [`  http-request replace-path '(?i)^${path.value}' '${rewrite}'`]),
    ...servers.map((server, index) => `  server pod${index} ${server}${options}`),
  ];
}
