/** The servers that a demonstration starts besides the system it shows. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type Server, serverObjects } from "../../../lab/demo/server.ts";

const server: Server = {
  ...{ name: "broker", namespace: "lab-broker", image: "orrery.lab/broker:1", port: 9093 },
  folder: "/etc/broker",
  files: { "server.pem": "one" },
};

describe("a demonstration's servers", () => {
  const kinds = (more: Partial<Server> = {}) =>
    serverObjects({ ...server, ...more }).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  const found = (kind: string, more: Partial<Server> = {}): unknown =>
    serverObjects({ ...server, ...more }).find((one) => one.kind === kind);

  it("have a Secret with their files, a Service and a pod that is started again when a file changes", () => {
    assert.deepEqual(kinds(), ["Secret broker", "Service broker", "Deployment broker"]);
    interface Deployment {
      readonly spec: { readonly template: { readonly metadata: { readonly annotations: object } } };
    }
    const stamp = (text: string): object =>
      (found("Deployment", { files: { "server.pem": text } }) as Deployment).spec.template.metadata.annotations;
    assert.deepEqual(stamp("one"), stamp("one"));
    assert.notDeepEqual(stamp("one"), stamp("two"));
  });

  it("are found by a name with an address of its own", () => {
    interface Service {
      readonly metadata: { readonly annotations: object };
      readonly spec: { readonly type?: string };
    }
    const { metadata, spec } = found("Service", { outside: { address: "broker.example.org" } }) as Service;
    assert.equal(spec.type, "LoadBalancer");
    assert.deepEqual(metadata.annotations, { "external-dns.alpha.kubernetes.io/hostname": "broker.example.org" });
    assert.equal((found("Service") as Service).spec.type, undefined);
  });

  it("are found by names whose TLS the router passes on", () => {
    const hosts = ["a.lab.test", "b.lab.test"];
    const outside = { outside: { passthrough: hosts } };
    assert.ok(kinds(outside).includes("Ingress broker"));
    interface Ingress {
      readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
      readonly spec: { readonly rules: readonly { readonly host: string }[] };
    }
    const { metadata, spec } = found("Ingress", outside) as Ingress;
    assert.equal(metadata.annotations["nginx.ingress.kubernetes.io/ssl-passthrough"], "true");
    assert.deepEqual(
      spec.rules.map(({ host }) => host),
      hosts,
    );
  });
});
