/** Routes and Ingresses with real pods behind them: what callers on this machine and in pods get. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { before, describe, it } from "mocha";
import { chromium, chromiumArgs, curlLine, pageAt } from "../../lab/browser.ts";
import { eventually } from "../../lab/harness/cloud.ts";
import type { Balanced, Route } from "../../lab/kubernetes/router/objects.ts";
import { runningPid } from "../../lab/process.ts";
import { api, cluster, inPod, kubectl, namespace, quiet, succeeds, useRealNodes } from "./pods/cluster.ts";
import { shell, web } from "./pods/objects.ts";
import { type Answer, ask, certificateOf, curl, greeting, ingress, route, router, tlsServer } from "./pods/traffic.ts";

const vault = certificateOf("vault.example.test");
const fetched = (url: string): Promise<Answer> =>
  eventually(
    url,
    () => ask(url),
    ({ status }) => status === 200,
    20,
  );
const becomes = (url: string, status: number): Promise<Answer> =>
  eventually(
    `status ${status} of ${url}`,
    () => ask(url),
    (answer) => answer.status === status,
    20,
  );

describe("traffic to pods on real nodes", () => {
  const part = useRealNodes(2);

  before(async () => {
    for (const one of [...web, ...tlsServer(vault), shell("client", "node-0"), shell("stranger", "node-1")]) {
      await api.apply(one);
    }
    await kubectl("rollout", "status", "deployment/web", "--timeout=60s");
    await kubectl("wait", "pod/client", "pod/stranger", "pod/vault", "--for=condition=Ready", "--timeout=60s");
  });

  it("an edge Route answers by its generated name with the lab's certificate, here and in pods, and redirects plain HTTP", async () => {
    const made = await api.apply<Route>(
      route("shop", {
        port: { targetPort: 8080 },
        tls: { termination: "edge", insecureEdgeTerminationPolicy: "Redirect" },
      }),
    );
    const host = `shop-${namespace}.apps.lab.test`;
    assert.equal(made.spec.host, host);
    assert.equal((await fetched(`https://${host}/`)).body, greeting);
    const { status, location } = await ask(`http://${host}/page?x=1`);
    assert.deepEqual([status, location], [302, `https://${host}/page?x=1`]);
    await eventually("the name in pods", () => succeeds("client", "getent", "ahostsv4", host), Boolean, 20);
    for (const pod of ["client", "stranger"]) assert.equal(await inPod(pod, ...curl, `https://${host}/`), greeting);
    const seen = await api.get<Route>(`/apis/route.openshift.io/v1/namespaces/${namespace}/routes/shop`);
    const [admitted] = seen.status?.ingress ?? [];
    assert.deepEqual(
      [admitted?.host, admitted?.routerName, admitted?.conditions?.map(({ type, status: is }) => `${type} ${is}`)],
      [host, "default", ["Admitted True"]],
    );
  });

  it("a Route without an insecure policy answers plain HTTP with 503, and one without TLS answers nothing else", async () => {
    await api.apply(route("closed", { host: "closed.example.test", tls: { termination: "edge" } }));
    await api.apply(route("plain", { host: "plain.example.test" }));
    await fetched("https://closed.example.test/");
    assert.equal((await ask("http://closed.example.test/")).status, 503);
    assert.equal((await fetched("http://plain.example.test/")).body, greeting);
    assert.equal((await ask("http://nobody.example.test/")).status, 503);
  });

  it("the last of several Routes in quick succession is served, too", async () => {
    // HAProxy loses the signal that comes while it reads an earlier file.
    for (let round = 0; round < 5; round++) {
      const names = Array.from({ length: 4 }, (_, index) => `burst-${round}-${index}`);
      for (const name of names) {
        await api.apply(route(name, { host: `${name}.example.test` }));
        await sleep(150);
      }
      for (const name of names) assert.equal((await fetched(`http://${name}.example.test/`)).body, greeting);
    }
  });

  // Webhooks and aggregated APIs take the same way; npm run peers -- kubernetes tries those.
  it("the API server reaches pods by their Services, with TLS and without", async () => {
    const at = (service: string, page: string): Promise<string> =>
      kubectl("get", "--raw", `/api/v1/namespaces/${namespace}/services/${service}/proxy/${page}`);
    assert.equal(await at("web:80", ""), greeting);
    assert.equal(await at("https:vault:https", "page.html"), "hello over TLS");
  });

  it("a passthrough Route shows the pod's own certificate", async () => {
    await api.apply(
      route("vault", {
        host: "vault.example.test",
        to: { name: "vault" },
        port: { targetPort: "https" },
        tls: { termination: "passthrough", insecureEdgeTerminationPolicy: "Redirect" },
      }),
    );
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-ca-"));
    try {
      const own = path.join(folder, "ca.crt");
      writeFileSync(own, vault.certificate);
      const { body } = await eventually(
        "the pod's page",
        () => ask("https://vault.example.test/page.html", own),
        ({ status }) => status === 200,
        20,
      );
      assert.equal(body, "hello over TLS");
      assert.equal((await ask("https://vault.example.test/page.html")).status, 0, "the lab's authority");
      assert.equal((await ask("http://vault.example.test/")).status, 302);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("a re-encrypting Route checks the pod's certificate against the authority that it names", async () => {
    const encrypted = { to: { name: "vault" }, port: { targetPort: "https" } };
    const tls = { termination: "reencrypt" };
    await api.apply(
      route("checked", {
        ...encrypted,
        host: "checked.example.test",
        tls: { ...tls, destinationCACertificate: vault.certificate },
      }),
    );
    await api.apply(route("unchecked", { ...encrypted, host: "unchecked.example.test", tls }));
    assert.equal((await fetched("https://checked.example.test/page.html")).body, "hello over TLS");
    await becomes("https://unchecked.example.test/page.html", 503);
  });

  it("a Route's allow list admits its ranges and closes other connections, under both names of the annotation", async () => {
    const edge = { tls: { termination: "edge" } };
    const name = "haproxy.router.openshift.io";
    await api.apply(
      route("inner", { host: "inner.example.test", ...edge }, { [`${name}/ip_whitelist`]: "100.64.0.0/16" }),
    );
    const both = { [`${name}/ip_allowlist`]: "192.0.2.0/24 2001:db8::/32", [`${name}/ip_whitelist`]: "0.0.0.0/0" };
    await api.apply(route("none", { host: "none.example.test", ...edge }, both));
    const all = { [`${name}/ip_allowlist`]: "", [`${name}/ip_whitelist`]: "" };
    await api.apply(route("all", { host: "all.example.test", ...edge }, all));
    await fetched("https://all.example.test/");
    await eventually(
      "the page in the pod",
      () => succeeds("client", ...curl, "-f", "https://inner.example.test/"),
      Boolean,
      20,
    );
    assert.equal((await ask("https://inner.example.test/")).status, 0);
    assert.equal((await ask("https://none.example.test/")).status, 0);
    assert.equal(await succeeds("client", ...curl, "-f", "https://none.example.test/"), false);
  });

  it("the older of two Routes has the host; the other says so until the first is gone", async () => {
    await api.apply(route("first", { host: "one.example.test" }));
    await fetched("http://one.example.test/");
    await api.apply(route("second", { host: "one.example.test" }));
    const second = `/apis/route.openshift.io/v1/namespaces/${namespace}/routes/second`;
    const condition = (wanted: string) =>
      eventually(
        `Admitted ${wanted}`,
        async () => (await api.get<Route>(second)).status?.ingress?.[0]?.conditions?.[0],
        (seen) => seen?.status === wanted,
        20,
      );
    const refused = await condition("False");
    assert.equal(refused?.reason, "HostAlreadyClaimed");
    assert.match(refused.message ?? "", /^route first already exposes one\.example\.test and is older$/);
    await api.delete(`/apis/route.openshift.io/v1/namespaces/${namespace}/routes/first`);
    await condition("True");
    await fetched("http://one.example.test/");
  });

  it("a Route with a certificate that cannot be read is refused, and the others go on", async () => {
    const tls = { termination: "edge", certificate: "no certificate", key: "no key" };
    await api.apply(route("broken", { host: "broken.example.test", tls }));
    const seen = await eventually(
      "the refusal",
      () => api.get<Route>(`/apis/route.openshift.io/v1/namespaces/${namespace}/routes/broken`),
      ({ status }) => status?.ingress?.[0]?.conditions?.[0]?.status === "False",
      20,
    );
    assert.equal(seen.status?.ingress?.[0]?.conditions?.[0]?.reason, "ExtendedValidationFailed");
    await fetched("https://closed.example.test/");
  });

  it("an Ingress gets the router's address, redirects, strips a prefix by pattern and shows its Secret's certificate", async () => {
    const nginx = "nginx.ingress.kubernetes.io";
    const host = "vault.prow.example.test";
    const { certificate, key } = certificateOf(host);
    await api.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "deck-tls", namespace },
      type: "kubernetes.io/tls",
      data: { "tls.crt": Buffer.from(certificate).toString("base64"), "tls.key": Buffer.from(key).toString("base64") },
    });
    const cut = { [`${nginx}/use-regex`]: "true", [`${nginx}/rewrite-target`]: "/$2" };
    await api.apply(ingress("deck", host, { "/gcsweb(/|$)(.*)": "ImplementationSpecific" }, cut, "deck-tls"));
    await api.apply(ingress("rest", "rest.example.test", { "/index.html": "Exact", "/deep": "Prefix" }));
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-ca-"));
    try {
      const own = path.join(folder, "ca.crt");
      writeFileSync(own, certificate);
      const { body } = await eventually(
        "the page",
        () => ask(`https://${host}/gcsweb/index.html`, own),
        ({ status }) => status === 200,
        20,
      );
      assert.equal(body, greeting);
      assert.equal((await ask(`https://${host}/other`, own)).status, 503);
      assert.equal((await ask(`http://${host}/gcsweb/`)).status, 308);
    } finally {
      rmSync(folder, { recursive: true });
    }
    assert.equal((await fetched("https://rest.example.test/index.html")).body, greeting);
    // The web servers have no such page, but they are asked.
    assert.equal((await ask("https://rest.example.test/deep/er")).status, 404);
    assert.equal((await ask("https://rest.example.test/deeper")).status, 503);
    const made = await api.get<{ status: { loadBalancer: Balanced } }>(
      `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/deck`,
    );
    assert.deepEqual(made.status.loadBalancer.ingress, [{ ip: router }]);
  });

  it("a NetworkPolicy that allows OpenShift's router alone lets Routes through and refuses pods", async () => {
    const only = { namespaceSelector: { matchLabels: { "network.openshift.io/policy-group": "ingress" } } };
    const policies = `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`;
    await api.apply({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "only-router", namespace },
      spec: { podSelector: { matchLabels: { app: "web" } }, policyTypes: ["Ingress"], ingress: [{ from: [only] }] },
    });
    await eventually(
      "the refusal",
      () => succeeds("client", ...curl, "http://web/"),
      (open) => !open,
      30,
    );
    assert.equal((await fetched("https://closed.example.test/")).body, greeting);
    await api.delete(`${policies}/only-router`);
    await eventually("the pod's way", () => succeeds("client", ...curl, "http://web/"), Boolean, 20);
  });

  it("lab browse opens a host in Chromium with the lab's names and authority, and names the curl line", function () {
    this.timeout(120_000);
    const page = pageAt(cluster, `shop-${namespace}.apps.lab.test`);
    assert.equal(execFileSync("sh", ["-c", `${curlLine(cluster, page)} -sS`], { encoding: "utf8" }), greeting);
    assert.equal(pageAt(cluster, `shop-${namespace}/cart`).url.href, `https://shop-${namespace}.apps.lab.test/cart`);
    for (const typed of ["nobody.example.test", "shop"]) {
      assert.throws(() => pageAt(cluster, typed), new RegExp(`does not serve ${typed}; there are .*shop-`));
    }
    const browser = chromium();
    if (browser === undefined) this.skip();
    const dom = execFileSync(browser, ["--headless", "--disable-gpu", "--dump-dom", ...chromiumArgs(cluster, page)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    assert.match(dom, /hello from a config map/);
  });

  it("a killed router is seen by status and started by up", async () => {
    process.kill(runningPid(cluster.dir, "router") ?? 0, "SIGKILL");
    const down = await eventually(
      "the DOWN row",
      async () => (await part().health(cluster)).find(({ name }) => name === "router"),
      (row) => row?.healthy === false,
      20,
    );
    assert.match(down?.detail ?? "", /^no response at /);
    await part().up(cluster, quiet);
    assert.equal((await fetched(`https://shop-${namespace}.apps.lab.test/`)).body, greeting);
  });
});
