/** What the doctor concludes from what it sees; that it sees it is shown on a lab. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { kubeconfig, sample, sampleCertificate } from "../../config/samples.ts";
import { delegated } from "../../ops/doctor/clouds.ts";
import { questionsFor, refusedText } from "../../ops/doctor/clusters.ts";
import { resourceOf } from "../../ops/kinds.ts";
import { endFinding, endOf } from "../../ops/doctor/config.ts";
import { driftCounts } from "../../ops/doctor/drift.ts";
import { stateFindings } from "../../ops/doctor/toolchain.ts";
import { main } from "../../ops/main.ts";
import type { Manifest } from "../../policy/manifest.ts";

const jwt = (claims: object): string => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;

describe("the doctor", () => {
  it("explains itself and wants a stack", async () => {
    const { command } = await import("../../ops/doctor/doctor.ts");
    assert.match(command.help, /^Usage: npm run ops -- doctor --stack S/);
    for (const option of Object.keys(command.options)) assert.ok(command.help.includes(`--${option}`), option);
    const { error } = console;
    console.error = () => undefined;
    try {
      assert.equal(await main(["doctor"]), 2);
    } finally {
      console.error = error;
    }
  });

  it("knows when certificates and tokens end", () => {
    const end = new Date(1_800_000_000_000);
    assert.deepEqual(endOf("token", jwt({ exp: 1_800_000_000 })), end);
    assert.deepEqual(endOf("kubeconfig", kubeconfig("https://example.invalid", jwt({ exp: 1_800_000_000 }))), end);
    assert.equal(endOf("kubeconfig", kubeconfig("https://example.invalid", "sha256~opaque")), undefined);
    assert.equal(endOf("token", "opaque"), undefined);
    assert.ok(endOf("pem-certificate", sampleCertificate("seed", ["a.example.org"])) instanceof Date);
    assert.equal(endOf("json", sample("json", "seed")), undefined);
    const level = (days: number): string =>
      endFinding("x:y", new Date(end.getTime() + days * 86_400_000), end, "get another").level;
    assert.deepEqual([-1, 0, 29, 30].map(level), ["problem", "warning", "warning", "ok"]);
  });

  it("tells an interrupted update from a whole state", () => {
    const urn = "urn:pulumi:s::orrery::kubernetes:core/v1:ConfigMap::files";
    assert.deepEqual(
      stateFindings("s", { deployment: { resources: [{}], manifest: { time: "2026-01-02T03:04:05Z" } } }),
      [{ level: "ok", about: "backend", text: "stack s has 1 resources, last changed 2026-01-02T03:04" }],
    );
    const [, found] = stateFindings("s", {
      deployment: { pending_operations: [{ type: "creating", resource: { urn } }] },
    });
    assert.equal(found?.level, "problem");
    assert.match(found.text, /creating files$/);
    assert.match(found.fix ?? "", /state recover --stack s/);
  });

  it("asks for the rights that the objects need", () => {
    const kinds: readonly (readonly [string, string, string])[] = [
      ["v1", "Service", "services"],
      ["networking.k8s.io/v1", "NetworkPolicy", "networkpolicies.networking.k8s.io"],
      ["networking.k8s.io/v1", "Ingress", "ingresses.networking.k8s.io"],
      ["route.openshift.io/v1", "Route", "routes.route.openshift.io"],
    ];
    for (const [apiVersion, kind, resource] of kinds) assert.equal(resourceOf({ apiVersion, kind }), resource);
    const one = (kind: string, name: string, namespace = "here"): Manifest => {
      return { cluster: "c", apiVersion: "v1", kind, namespace, name, body: {} };
    };
    const asked = questionsFor([one("Secret", "a"), one("Secret", "b"), one("Node", "n", "")]);
    assert.deepEqual(
      asked.map(({ namespace, verb, resource }) => `${namespace}/${resource} ${verb}`),
      ["here/secrets", "/nodes"].flatMap((at) => ["get", "create", "patch", "delete"].map((verb) => `${at} ${verb}`)),
    );
  });

  it("says which rights are lacking, place by place", () => {
    const ask = (namespace: string, verb: string, resource: string) => ({ namespace, verb, resource });
    const refused = [ask("a", "create", "secrets"), ask("a", "delete", "secrets"), ask("", "get", "nodes")];
    assert.equal(refusedText(refused), "in namespace a create/delete secrets; in all of the cluster get nodes");
  });

  it("compares a zone's name servers without regard to case, order and dots", () => {
    const own = ["ns1.example.org.", "ns2.example.org."];
    assert.equal(delegated("z.org", own, ["NS2.example.org", "ns1.example.org"]).level, "ok");
    assert.equal(delegated("z.org", own, ["ns1.example.org", "old.example.net"]).level, "warning");
    assert.equal(delegated("z.org", own, ["old.example.net"]).level, "problem");
    assert.match(
      delegated("z.org", own, []).fix ?? "",
      /delegate it by NS records: ns1\.example\.org, ns2\.example\.org$/,
    );
  });

  it("reads a refresh's summary", () => {
    const output =
      "Refreshing (s):\n\nResources:\n    ~ 1 to update\n    - 2 to delete\n    3 changes. 100 unchanged\n";
    assert.deepEqual(driftCounts(output), { update: 1, delete: 2, unchanged: 100 });
    assert.deepEqual(driftCounts("Resources:\n    13 unchanged\n\nDuration: 2s\n"), { unchanged: 13 });
  });
});
