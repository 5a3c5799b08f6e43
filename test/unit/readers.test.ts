import assert from "node:assert/strict";
import type { RawConfig } from "../../config/secrets.ts";
import { readersOf } from "../../ops/lib/secrets/usage.ts";
import { Secret } from "../../review/evaluate/secret.ts";
import type { Registration } from "../../review/evaluate/record.ts";

const provider = "urn:pulumi:test::orrery::pulumi:providers:kubernetes::lab";

function object(apiVersion: string, kind: string, name: string, fields: object): Registration {
  const type = `kubernetes:${apiVersion}:${kind}`;
  const inputs = { apiVersion, kind, metadata: { name, namespace: "bots" }, ...fields };
  return { urn: `urn::${type}::${name}`, type, name, parent: "", provider, inputs, options: {} };
}

const token = "hunter2-hunter2-hunter2";
const config: RawConfig = new Map([
  ["a:token", { value: token, secret: true }],
  ["a:other", { value: "another-secret-of-its-own", secret: true }],
]);
const botSecret = object("v1", "Secret", "bot", { stringData: new Secret({ token: `header ${token}`, name: "bot" }) });

function deployment(name: string, spec: object): Registration {
  return object("apps/v1", "Deployment", name, { spec: { template: { spec } } });
}

function readers(...others: readonly Registration[]) {
  return readersOf([botSecret, ...others], config, ["a:token", "a:other"]);
}

describe("readers of a secret", () => {
  it("containers that get a secret's key by a variable or a volume are its readers, and no others", () => {
    const byKey = { valueFrom: { secretKeyRef: { name: "bot", key: "token" } } };
    const found = readers(
      deployment("env", { containers: [{ name: "one", env: [{ name: "T", ...byKey }] }, { name: "two" }] }),
      deployment("all", { containers: [{ name: "one", envFrom: [{ secretRef: { name: "bot" } }] }] }),
      deployment("files", {
        volumes: [
          { name: "v", secret: { secretName: "bot", items: [{ key: "token", path: "t" }] } },
          { name: "w", secret: { secretName: "bot", items: [{ key: "name", path: "n" }] } },
        ],
        initContainers: [{ name: "first", volumeMounts: [{ name: "v" }] }],
        containers: [{ name: "one", volumeMounts: [{ name: "w" }] }],
      }),
    );
    assert.deepEqual(found, [
      {
        key: "a:token",
        places: [
          {
            where: "Secret bots/bot [token]",
            readers: ["Deployment bots/env one", "Deployment bots/all one", "Deployment bots/files first"],
          },
        ],
      },
      { key: "a:other", places: [] },
    ]);
  });

  it("accounts that a Role lets read the Secret are its readers", () => {
    const rbac = "rbac.authorization.k8s.io/v1";
    const role = (name: string, rule: object): Registration => object(rbac, "Role", name, { rules: [rule] });
    const binding = (name: string): Registration =>
      object(rbac, "RoleBinding", name, {
        roleRef: { kind: "Role", name },
        subjects: [{ kind: "ServiceAccount", namespace: "bots", name }],
      });
    const [first] = readers(
      role("any", { resources: ["secrets"], verbs: ["list"] }),
      role("this", { resources: ["secrets"], verbs: ["get"], resourceNames: ["bot"] }),
      role("that", { resources: ["secrets"], verbs: ["get"], resourceNames: ["another"] }),
      role("makes", { resources: ["secrets"], verbs: ["create"] }),
      ...["any", "this", "that", "makes"].map(binding),
    );
    assert.deepEqual(first?.places[0]?.readers, ["ServiceAccount bots/any", "ServiceAccount bots/this"]);
  });
});
