/** What a stand-in demands of its container: with all of it the contract holds; without one part it ends with one line, which names it. */
import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import { contractSchema } from "../../contracts/check/format.ts";
import { contractFile, standInContract } from "../../lab/images/standIns.ts";
import { eventually } from "../../lab/harness/cloud.ts";
import { objectsOf } from "../../lab/harness/kube.ts";
import type { KubeObject } from "../../lab/kubernetes/api.ts";
import { api, inPod, kubectl, namespace, useRealNodes } from "./pods/cluster.ts";
import { shell, web } from "./pods/objects.ts";
import { certificateOf, curl, tlsServer } from "./pods/traffic.ts";

const object = objectsOf(namespace);
const at = "made for this test";
const program = "/usr/bin/standin";
const common = {
  about: "a program that nobody has",
  read: [{ source: "orrery/lab", version: "1", date: "2026-11-27" }],
  tags: ["1"],
  entry: { command: [program], at },
};

/** Asks for one thing of each kind, and ends. */
const demanding = contractSchema.parse({
  ...common,
  image: "demanding",
  ends: true,
  variables: { NAME: { required: true, form: "^[a-z]+$", at }, OLD: { never: "it was renamed", at } },
  files: {
    "/given/settings.json": { required: true, format: "json", keys: { required: ["url"] }, at },
    "/given/ca.crt": { required: true, format: "pem", at },
  },
  flags: { "--level": { required: true, form: "^[0-9]$", at } },
  writes: [{ path: "/data", at }],
  reads: [{ path: "/fixed", at }],
  memory: { atLeast: "64Mi", at },
  peers: [
    { to: "web", port: 80, at },
    { to: "${VAULT}", port: 443, tls: true, at },
  ],
  permissions: [{ resources: ["configmaps"], verbs: ["list"], at }],
});

/** Serves, and does not end. */
const serving = contractSchema.parse({
  ...common,
  image: "serving",
  ports: { "8080": { answers: [{ path: "/healthz" }], at } },
});

const own = certificateOf("vault");
const other = certificateOf("vault");

interface Given {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly settings?: string;
  readonly authority?: string;
  readonly writable?: boolean;
  readonly fixed?: boolean;
  readonly memory?: string;
  readonly serviceAccountName?: string;
}

/** A pod with all that the contract asks for, unless something else is given. */
function pod(name: string, contract: string, given: Given = {}): readonly KubeObject[] {
  const { args = ["--level=1"], settings = '{"url": "x"}', authority = own.certificate } = given;
  const {
    env = { NAME: "lab", VAULT: "vault" },
    memory = "64Mi",
    writable = true,
    fixed = true,
    serviceAccountName = "asked",
  } = given;
  const base = shell(name, "node-0", "orrery.lab/stand-in:1", {
    command: [program, ...args],
    env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
    resources: { limits: { memory } },
    volumeMounts: [
      { name: "contract", mountPath: contractFile, subPath: contract },
      { name: "given", mountPath: "/given" },
      ...(writable ? [{ name: "data", mountPath: "/data" }] : []),
      { name: "data", mountPath: "/fixed", readOnly: fixed },
    ],
  }) as KubeObject & { readonly spec: object };
  const volumes = [
    { name: "contract", configMap: { name: "contracts" } },
    { name: "given", configMap: { name } },
    { name: "data", emptyDir: {} },
  ];
  return [
    object("v1", "ConfigMap", name, { data: { "settings.json": settings, "ca.crt": authority } }),
    { ...base, spec: { ...base.spec, restartPolicy: "Never", serviceAccountName, volumes } },
  ];
}

/** How each pod differs from one that has all, and the one line that its stand-in ends with. */
const broken: Readonly<Record<string, readonly [Given, string]>> = {
  "a variable is missing": [{ env: { VAULT: "vault" } }, `variable NAME is required and missing (${at})`],
  "a variable has another form": [
    { env: { NAME: "LAB7", VAULT: "vault" } },
    `variable NAME does not have the form ^[a-z]+$ (${at})`,
  ],
  "a variable is set that must not be": [
    { env: { NAME: "lab", VAULT: "vault", OLD: "x" } },
    "variable OLD must not be set: it was renamed",
  ],
  "a file lacks a key": [{ settings: "{}" }, `file /given/settings.json lacks the key url (${at})`],
  "a flag is missing": [{ args: [] }, `flag --level is required and missing (${at})`],
  "a flag is not known": [{ args: ["--level=1", "--fast"] }, "flag --fast is not known"],
  "a folder cannot be written to": [
    { writable: false },
    `folder /data cannot be written to: read-only file system (${at})`,
  ],
  "a folder can be written to that must not be": [{ fixed: false }, `folder /fixed must not be writable (${at})`],
  "the memory limit is too small": [{ memory: "32Mi" }, `memory limit ${32 * 2 ** 20} is below 64Mi (${at})`],
  "a right is missing": [
    { serviceAccountName: "default" },
    `must not list configmaps in namespace "${namespace}" (${at})`,
  ],
  "a peer's certificate is of another authority": [
    { authority: other.certificate },
    `cannot reach vault:443: tls: failed to verify certificate: x509: `,
  ],
  "a peer does not answer": [
    { env: { NAME: "lab", VAULT: "nobody" } },
    `cannot reach nobody:443: dial tcp: lookup nobody`,
  ],
};
const nameOf = (what: string): string => what.replaceAll(/[^a-z]+/g, "-");

interface Ended {
  readonly status: {
    readonly phase: string;
    readonly containerStatuses?: readonly { readonly state: { readonly terminated?: { readonly message?: string } } }[];
  };
}

/** The last words of a pod's container, once the pod has ended. */
async function lastWords(name: string): Promise<readonly [phase: string, message: string]> {
  const { status } = await eventually(
    `the end of ${name}`,
    () => api.get<Ended>(`/api/v1/namespaces/${namespace}/pods/${name}`),
    ({ status: { phase } }) => phase === "Succeeded" || phase === "Failed",
    120,
  );
  return [status.phase, status.containerStatuses?.[0]?.state.terminated?.message ?? ""];
}

describe("a stand-in in a pod", function () {
  this.timeout(240_000);
  useRealNodes(1);

  before(async () => {
    const contracts = Object.fromEntries(
      [demanding, serving].map((one) => [String(one.image), JSON.stringify(standInContract(one))]),
    );
    const role = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "asked" };
    const alone = web.map((one) => ({
      ...one,
      ...(one.kind === "Deployment" ? { spec: { ...(one.spec as object), replicas: 1 } } : {}),
    }));
    for (const one of [
      ...alone,
      ...tlsServer(own),
      shell("client", "node-0"),
      object("v1", "ConfigMap", "contracts", { data: contracts }),
      object("v1", "ServiceAccount", "asked", {}),
      object("rbac.authorization.k8s.io/v1", "Role", "asked", {
        rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] }],
      }),
      object("rbac.authorization.k8s.io/v1", "RoleBinding", "asked", {
        roleRef: role,
        subjects: [{ kind: "ServiceAccount", name: "asked", namespace }],
      }),
    ])
      await api.apply(one);
    await kubectl("rollout", "status", "deployment/web", "--timeout=60s");
    await kubectl("wait", "pod/vault", "pod/client", "--for=condition=Ready", "--timeout=60s");
    const all = [...pod("whole", "demanding"), ...pod("serving", "serving", { args: [] })];
    for (const [what, [given]] of Object.entries(broken)) all.push(...pod(nameOf(what), "demanding", given));
    for (const one of all) await api.apply(one);
  });

  it("says first what it is, and ends well where it has all that its contract asks for", async () => {
    assert.deepEqual(await lastWords("whole"), ["Succeeded", ""]);
    const log = (await kubectl("logs", "whole")).trimEnd().split("\n");
    assert.match(log[0] ?? "", /^stand-in for demanding: this is not the real program/);
    assert.ok(log.includes("stand-in for demanding: reached vault:443"), log.join("\n"));
    assert.match(log.at(-1) ?? "", /the contract of .* holds$/);
  });

  for (const [what, [, line]] of Object.entries(broken)) {
    it(`ends with the one line that says it where ${what}`, async () => {
      const [phase, message] = await lastWords(nameOf(what));
      const lines = message.trimEnd().split("\n");
      assert.equal(phase, "Failed");
      assert.equal(lines.length, 1, message);
      assert.ok(lines[0]?.startsWith(`violation: ${line}`), message);
    });
  }

  it("serves the pages of its contract and no others, and says on each what it is", async () => {
    await kubectl("wait", "pod/serving", "--for=condition=Ready", "--timeout=60s");
    const { status } = await api.get<{ status: { podIP: string } }>(`/api/v1/namespaces/${namespace}/pods/serving`);
    const page = (path: string): Promise<string> =>
      inPod("client", ...curl, "-i", `http://${status.podIP}:8080${path}`);
    assert.match(await page("/healthz"), /^HTTP\/1\.1 200 OK.*Orrery-Stand-In: serving.*not the real program/s);
    assert.match(await page("/other"), /^HTTP\/1\.1 404 /);
  });
});
