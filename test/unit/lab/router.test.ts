import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { configuration } from "../../../lab/kubernetes/router/haproxy.ts";
import { ingressOutcomes } from "../../../lab/kubernetes/router/ingresses.ts";
import type { Ingress, Route, RouterInputs } from "../../../lab/kubernetes/router/objects.ts";
import { routeOutcomes } from "../../../lab/kubernetes/router/routes.ts";
import { namedServices } from "../../../lab/kubernetes/router/router.ts";
import { rangesOf, type Site } from "../../../lab/kubernetes/router/sites.ts";
import { tcpSites } from "../../../lab/kubernetes/router/tcp.ts";

const metadata = (name: string, annotations: Readonly<Record<string, string>> = {}, namespace = "shop") => ({
  name,
  namespace,
  annotations,
  creationTimestamp: "2026-01-01T00:00:00Z",
});
const route = (name: string, spec: Partial<Route["spec"]>, annotations = {}, namespace = "shop"): Route => ({
  apiVersion: "route.openshift.io/v1",
  kind: "Route",
  metadata: metadata(name, annotations, namespace),
  spec: { host: "shop.example.org", to: { name: "web" }, ...spec },
});
const ingress = (name: string, paths: Readonly<Record<string, string>>, annotations = {}): Ingress => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: metadata(name, annotations),
  spec: {
    tls: [{ hosts: ["prow.example.org"] }],
    rules: [
      {
        host: "prow.example.org",
        http: {
          paths: Object.entries(paths).map(([path, pathType]) => ({
            path,
            pathType,
            backend: { service: { name: "web", port: { number: 80 } } },
          })),
        },
      },
    ],
  },
});
const shop = (objects: Partial<RouterInputs>): RouterInputs => ({
  routes: [],
  ingresses: [],
  secrets: [],
  services: [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web", namespace: "shop" },
      spec: { ports: [{ name: "http", port: 80 }] },
    },
  ],
  slices: [
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "web-1", namespace: "shop", labels: { "kubernetes.io/service-name": "web" } },
      addressType: "IPv4",
      endpoints: [
        { addresses: ["100.64.0.2"], conditions: { ready: true } },
        { addresses: ["100.64.0.3"], conditions: { ready: false } },
      ],
      ports: [
        { name: "http", port: 8080 },
        { name: "metrics", port: 9090 },
      ],
    },
  ],
  ...objects,
});
const place = {
  address: "198.18.65.3",
  certificates: "/etc/list",
  authorityFile: () => "/etc/ca.pem",
  revision: "abc",
};
const lines = (sites: readonly Site[]): string[] =>
  configuration(sites, place)
    .split("\n")
    .map((line) => line.trim());
const admitted = (...routes: Route[]): Site[] => routeOutcomes(shop({ routes }), "CA").flatMap(({ sites }) => sites);
const refusals = (...routes: Route[]): (string | undefined)[] =>
  routeOutcomes(shop({ routes }), "CA").map(({ refusal }) => refusal?.reason);

describe("the router's sites", () => {
  it("a Route leads to the ready pods, at the port that it names by name or number", () => {
    const servers = (targetPort: string | number): readonly string[] | undefined =>
      admitted(route("web", { port: { targetPort } }))[0]?.backend.servers;
    assert.deepEqual(servers("http"), ["100.64.0.2:8080"]);
    assert.deepEqual(servers(9090), ["100.64.0.2:9090"]);
    assert.deepEqual(servers("none"), []);
    assert.deepEqual(admitted(route("web", {}))[0]?.backend.servers, ["100.64.0.2:8080", "100.64.0.2:9090"]);
  });

  it("a host belongs to the namespace of its oldest Route, and a path on it to one Route", () => {
    const reasons = refusals(
      route("a", {}),
      route("b", { path: "/b" }),
      route("c", {}),
      route("z", { path: "/z" }, {}, "village"),
    );
    assert.deepEqual(reasons, [undefined, undefined, "HostAlreadyClaimed", "HostAlreadyClaimed"]);
  });

  it("Routes that could break the router's configuration are refused", () => {
    assert.deepEqual(refusals(route("a", { path: "/x'\n  bind :1" })), ["ExtendedValidationFailed"]);
    const tls = { termination: "reencrypt", destinationCACertificate: "nonsense" } as const;
    assert.deepEqual(refusals(route("a", { tls })), ["ExtendedValidationFailed"]);
    assert.deepEqual(refusals(route("a", { wildcardPolicy: "Subdomain" })), ["RouteNotAdmitted"]);
    const [site] = admitted(route("a", {}, { "haproxy.router.openshift.io/timeout": "5s\n  server evil 1.2.3.4:5" }));
    assert.equal(site?.backend.timeout, undefined);
  });

  it("an allow list with anything but ranges is ignored, and an empty one allows all", () => {
    assert.deepEqual(rangesOf("10.0.0.0/8  2001:db8::/32"), ["10.0.0.0/8", "2001:db8::/32"]);
    assert.equal(rangesOf("10.0.0.0/8 everybody"), undefined);
    assert.equal(rangesOf(""), undefined);
  });

  it("an Ingress' paths are tried from the longest, prefixes end at a slash, and a pattern cuts what it says", () => {
    const nginx = "nginx.ingress.kubernetes.io";
    const cut = { [`${nginx}/use-regex`]: "true", [`${nginx}/rewrite-target`]: "/$2" };
    const ingresses = [
      ingress("deck", { "/": "Prefix", "/hook": "Prefix" }),
      ingress("gcsweb", { "/gcsweb(/|$)(.*)": "ImplementationSpecific" }, cut),
    ];
    const text = lines(ingressOutcomes(shop({ ingresses }), new Set()).flatMap(({ sites }) => sites));
    const host = "{ var(txn.host) -m str prow.example.org }";
    assert.deepEqual(
      text.filter((line) => line.startsWith("use_backend")),
      [
        `use_backend ingress:shop:gcsweb:0:0 if ${host} { path -i -m reg '^/gcsweb(/|$)(.*)' }`,
        `use_backend ingress:shop:deck:0:1 if ${host} { path -m reg '^/hook(/|$)' }`,
        `use_backend ingress:shop:deck:0:0 if ${host}`,
      ],
    );
    assert.ok(text.includes("http-request replace-path '(?i)^/gcsweb(/|$)(.*)' '/\\2'"));
    assert.equal(text.filter((line) => line.startsWith("http-request redirect scheme https code 308")).length, 3);
  });

  it("a passthrough Route is chosen by the name in the TLS greeting, others after the router has ended TLS", () => {
    const text = lines(
      admitted(
        route("a", { tls: { termination: "passthrough", insecureEdgeTerminationPolicy: "Redirect" } }),
        route("b", { host: "b.example.org", tls: { termination: "reencrypt" } }),
      ),
    );
    assert.ok(text.includes("use_backend route:shop:a if { req.ssl_sni -i shop.example.org }"));
    assert.ok(
      text.includes("http-request redirect scheme https code 302 if { var(txn.host) -m str shop.example.org }"),
    );
    assert.ok(text.includes("use_backend route:shop:b if { var(txn.host) -m str b.example.org }"));
    assert.ok(text.includes("server pod0 100.64.0.2:8080 ssl verify required ca-file /etc/ca.pem"));
  });

  it("a port of the ConfigMap tcp-services goes to the Service's pods as it is; what is no port or no Service is left out", () => {
    const data = { "22": "shop/web:80", "80": "shop/web:80", x: "shop/web:80", "23": "shop/nothing:80", "24": "web" };
    const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: metadata("tcp-services"), data };
    const passed = tcpSites([configMap, { ...configMap, metadata: metadata("other") }], shop({}));
    assert.deepEqual(passed, [{ port: 22, servers: ["100.64.0.2:8080"] }]);
    const place = {
      address: "198.18.65.1",
      certificates: "/etc/list",
      authorityFile: () => "/etc/ca.pem",
      revision: "1",
    };
    const text = configuration([], place, passed);
    assert.match(text, /listen tcp:22\n {2}mode tcp\n {2}bind 198\.18\.65\.1:22\n[^]*server pod0 100\.64\.0\.2:8080\n/);
  });

  it("a balanced Service has all names that it asks for, once it has an address", () => {
    const hostnames = { "external-dns.alpha.kubernetes.io/hostname": "www.ultrahook.com, a.b.ultrahook.com" };
    const service = { apiVersion: "v1", kind: "Service", metadata: metadata("ultrahook", hostnames), spec: {} };
    const status = { loadBalancer: { ingress: [{ ip: "198.19.7.1" }] } };
    assert.deepEqual(namedServices([service]), []);
    assert.deepEqual(namedServices([{ ...service, status }]), [
      "198.19.7.1 a.b.ultrahook.com",
      "198.19.7.1 www.ultrahook.com",
    ]);
  });
});
