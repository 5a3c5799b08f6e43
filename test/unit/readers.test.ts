import assert from "node:assert/strict";
import type { RawConfig } from "../../config/secrets.ts";
import { offlineConfig, readStackFile, secretsOf, stackPath } from "../../config/stackFile.ts";
import { schemas } from "../../components/registry.ts";
import { readersOf } from "../../ops/lib/secrets/usage.ts";
import { Secret } from "../../review/evaluate/secret.ts";
import type { Registration } from "../../review/evaluate/record.ts";
import { runProgram } from "../../review/evaluate/render.ts";
import { stacks } from "./harness.ts";

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
const held = object("v1", "Secret", "bot", { stringData: new Secret({ token: `header ${token}`, name: "bot" }) });

function deployment(name: string, spec: object): Registration {
  return object("apps/v1", "Deployment", name, { spec: { template: { spec } } });
}

function readers(...others: readonly Registration[]) {
  return readersOf([held, ...others], config, ["a:token", "a:other"]);
}

describe("the readers of a secret", () => {
  it("are containers that get its key by a variable or a volume, and no others", () => {
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

  it("are accounts that a Role lets read Secrets, or this one", () => {
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

  for (const name of stacks) {
    it(`are known of every secret of ${name}: none is encrypted for nothing`, async () => {
      const stack = readStackFile(stackPath(name));
      const wanted = secretsOf(stack, Object.values(schemas));
      const all = offlineConfig(stack, (key) => wanted.get(key)?.sample("reader") ?? "");
      const { resources } = await runProgram({ stack: name, config: all });
      const keys = [...wanted.keys()].filter((key) => stack.entries.has(key));
      const without = readersOf(resources, all, keys).filter(({ places }) => places.length === 0);
      // The test stack says nothing of what is inside its hub, so nothing logs in to it.
      assert.deepEqual(
        without.map(({ key }) => key),
        name === "test" ? ["callysto:deployPrivateKey"] : [],
      );
    });
  }
});
