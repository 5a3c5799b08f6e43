/** The parts of `ops adopt` that make no requests; test/live/adopt*.test.ts use clusters, clouds and the engine. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "mocha";
import { dialsSchema } from "../../components/dials/config.ts";
import { newSalt, openSalt } from "../../config/passphrase.ts";
import { sample } from "../../config/samples.ts";
import { addressesOnPorts, CloudWorld } from "../../ops/lib/adopt/clouds.ts";
import { importFile } from "../../ops/lib/adopt/importFile.ts";
import type { Inventory } from "../../ops/lib/adopt/inventory.ts";
import { keypairState, sameKey } from "../../ops/lib/adopt/matching.ts";
import { leftOf } from "../../ops/lib/adopt/unmanaged.ts";
import { declaredPart } from "../../ops/lib/adopt/live.ts";
import { adoptObject, declaredObjects, type DeclaredObject, refusalOf } from "../../ops/lib/adopt/objects.ts";
import { textIn } from "../../ops/lib/adopt/passwords.ts";
import { sampleProblems } from "../../ops/lib/adopt/samples.ts";
import { main } from "../../cli/main.ts";
import type { StackSecret, State } from "../../ops/lib/secrets/stackSecrets.ts";
import type { Template } from "../../ops/lib/secrets/secretKeys.ts";
import type { Json } from "../../policy/manifest.ts";
import type { Registration } from "../../review/evaluate/record.ts";
import { Secret } from "../../review/evaluate/secret.ts";

const stack = "urn:pulumi:prod::orrery::pulumi:pulumi:Stack::orrery-prod";
const provider = "urn:pulumi:prod::orrery::pulumi:providers:kubernetes::paas";
const cloud = "urn:pulumi:prod::orrery::pulumi:providers:openstack::rac";

function registration(type: string, name: string, inputs: object, more: Partial<Registration> = {}): Registration {
  const urn = `urn:pulumi:prod::orrery::${type}::${name}`;
  return { urn, type, name, parent: stack, provider: "", inputs: inputs as Json, options: {}, ...more };
}

function declared(type: string, body: object): DeclaredObject {
  const one = registration(type, "one", body, { provider });
  const [found] = declaredObjects({ resources: [one] }).get("paas") ?? [];
  assert.ok(found);
  return found;
}

const secretType = "kubernetes:core/v1:Secret";
const secret = (data: object): object => ({
  ...{ apiVersion: "v1", kind: "Secret", type: "Opaque", metadata: { name: "broker", namespace: "dials" } },
  stringData: new Secret(data),
});

describe("comparing live objects with declared ones", () => {
  it("fields that updates leave alone are not declared, so an adoption leaves them to their owner", () => {
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "job-config", namespace: "prow" } };
    const options = { ignoreChanges: ["data", "binaryData", "metadata.labels"] };
    const own = registration("kubernetes:core/v1:ConfigMap", "one", { ...body, data: {} }, { provider, options });
    const [found] = declaredObjects({ resources: [own] }).get("paas") ?? [];
    assert.ok(found);
    assert.deepEqual(found.body, body);
    const live = { ...body, data: { "jobs.yaml": "presubmits: {}" } };
    assert.deepEqual(adoptObject({ declared: found, live }).inputs, { ...body, apiVersion: "v1" });
  });

  it("a live object's inputs leave out defaults, other tools' fields and items that are no longer declared", () => {
    const live = {
      spec: {
        clusterIP: "10.0.0.1",
        template: { spec: { containers: [{ name: "old" }, { name: "web", image: "a:1", tty: false }] } },
      },
    };
    const wanted = { spec: { template: { spec: { containers: [{ name: "web", image: "a:2", args: ["x"] }] } } } };
    assert.deepEqual(declaredPart(live, wanted), {
      spec: { template: { spec: { containers: [{ name: "web", image: "a:1" }] } } },
    });
  });

  it("a Service's port matches under another name; other lists are compared as a whole", () => {
    const live = { ports: [{ name: "5432", port: 5432 }], accessModes: ["ReadWriteMany"], rules: [{ a: 1 }, { a: 2 }] };
    const wanted = { ports: [{ name: "db", port: 5432 }], accessModes: ["ReadWriteOnce"], rules: [{ a: 1 }] };
    assert.deepEqual(declaredPart(live, wanted), live);
  });

  it("two spellings of one quantity are equal", () => {
    assert.deepEqual(declaredPart({ storage: "1024Mi", cpu: "500m" }, { storage: "1Gi", cpu: "0.5" }), {
      ...{ storage: "1Gi", cpu: "0.5" },
    });
    assert.deepEqual(declaredPart({ storage: "1Mi" }, { storage: "1Gi" }), { storage: "1Mi" });
  });
});

describe("adopted objects", () => {
  const live = {
    ...{ apiVersion: "v1", kind: "Secret", type: "Opaque" },
    metadata: {
      ...{ name: "broker", namespace: "dials", uid: "1" },
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": "of-old in clear", mine: "1" },
    },
    data: { password: Buffer.from("of-old").toString("base64"), other: Buffer.from("of-old too").toString("base64") },
  };

  it("an adopted object's inputs are the live values of its declared fields, and every value of a Secret is secret", () => {
    const { id, inputs, outputs } = adoptObject({ declared: declared(secretType, secret({ password: "new" })), live });
    assert.equal(id, "dials/broker");
    assert.deepEqual(inputs?.stringData, new Secret({ password: "of-old" }));
    assert.ok(outputs?.data instanceof Secret);
    assert.ok(!JSON.stringify({ ...outputs, data: 0, __inputs: 0 }).includes("of-old"));
    assert.deepEqual((outputs.metadata as Json).annotations, { mine: "1" });
  });

  it("adopt refuses an object that is being deleted or belongs to another object", () => {
    assert.equal(refusalOf({ live }), undefined);
    assert.match(refusalOf({ live: { metadata: { deletionTimestamp: "now" } } }) ?? "", /being deleted/);
    const ownerReferences = [{ kind: "Application", name: "core", controller: true }];
    assert.match(refusalOf({ live: { metadata: { ownerReferences } } }) ?? "", /Application core/);
  });

  it("what the first update takes away is an input, so that the preview shows how it goes", () => {
    const one = declared(secretType, secret({ password: "new" }));
    const after = { ...live, data: { password: live.data.password } };
    const { inputs } = adoptObject({ declared: one, live }, after);
    assert.deepEqual(inputs?.stringData, new Secret({ password: "of-old", other: "of-old too" }));
    assert.deepEqual((inputs.metadata as Json).annotations, undefined);
    const bare = { ...after, metadata: { ...live.metadata, annotations: {} } };
    const { inputs: noted } = adoptObject({ declared: one, live }, bare);
    assert.deepEqual((noted?.metadata as Json).annotations, { mine: "1" });
  });

  it("objects that patch others' objects or get their name from Pulumi are not adopted", () => {
    const body = { apiVersion: "v1", kind: "Node", metadata: { name: "node01" } };
    const resources = [
      registration("kubernetes:core/v1:NodePatch", "patch", body, { provider }),
      registration(secretType, "unnamed", { apiVersion: "v1", kind: "Secret", metadata: {} }, { provider }),
    ];
    assert.deepEqual([...declaredObjects({ resources })], []);
  });
});

describe("live keypairs", () => {
  it("a public key is the same whatever its comment is, and another one is not", () => {
    assert.equal(sameKey("ssh-ed25519 AAAA ann@laptop\n", "ssh-ed25519 AAAA"), true);
    assert.equal(sameKey("ssh-ed25519 AAAA", "ssh-ed25519 BBBB"), false);
    assert.equal(sameKey(undefined, undefined), false);
  });

  it("an adopted keypair has the declared line in the state, since its provider would replace it for the comment", () => {
    const row = { name: "hub", public_key: "ssh-ed25519 AAAA ann@laptop", fingerprint: "aa:bb" };
    const { inputs, outputs } = keypairState({ name: "hub", publicKey: "ssh-ed25519 AAAA" }, { id: "hub", row });
    assert.deepEqual(inputs, { name: "hub", publicKey: "ssh-ed25519 AAAA" });
    assert.deepEqual([outputs.publicKey, outputs.fingerprint], ["ssh-ed25519 AAAA", "aa:bb"]);
  });
});

describe("existing passwords", () => {
  it("an existing password is found as it is, within other text, and in base64", () => {
    assert.equal(textIn("drawn", "old", "drawn"), "old");
    assert.equal(textIn("redis://:drawn@broker:6379/0", "redis://:o.l+d@broker:6379/0", "drawn"), "o.l+d");
    assert.equal(textIn("a=drawn b=other", "a=old b=mine", "drawn", ["other"]), "old");
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    assert.equal(textIn(base64("drawn"), base64("old"), "drawn"), "old");
  });

  it("an existing password is not found where the surrounding text differs or where two values would match", () => {
    assert.equal(textIn("redis://:drawn@broker/0", "amqp://old@elsewhere", "drawn"), undefined);
    assert.equal(textIn("drawn drawn", "one two", "drawn"), undefined);
    assert.equal(textIn("another", "old", "drawn"), undefined);
    assert.equal(textIn(Buffer.from("drawn").toString("base64"), "no base64!", "drawn"), undefined);
  });
});

describe("live Secrets and samples", () => {
  const data = (texts: Readonly<Record<string, string>>): Json =>
    Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString("base64")]));
  const dir = mkdtempSync(path.join(tmpdir(), "adopt-"));
  after(() => {
    rmSync(dir, { recursive: true });
  });
  /** Problems with DIALS' broker Secret, whose declared texts are samples, when the live one has these texts. */
  function said(live: Readonly<Record<string, string>>, settings: object = {}): readonly string[] {
    const file = path.join(dir, "Pulumi.mine.yaml");
    writeFileSync(file, `config:\n  clusters:settings: ${JSON.stringify({ paas: settings })}\n`);
    const key = (name: string, state: State): StackSecret => ({
      ...{ key: `dials:${name}`, name, state, schema: dialsSchema, required: true, legacySource: undefined },
      spec: { description: "", format: name === "pem" ? "pem-private-key" : "token" },
      sample: () => `sample of ${name}`,
      check: () => undefined,
      is: () => false,
    });
    const stack = { name: "mine", file, secrets: [key("password", "sample"), key("own", "set"), key("pem", "sample")] };
    const place = { cluster: "paas", namespace: "dials", secret: "broker", bytes: false };
    const template = (name: string, ...keys: readonly string[]): Template => ({
      ...{ ...place, key: name, text: "" },
      probes: new Map(keys.map((one) => [`dials:${one}`, { own: one, others: [] }])),
    });
    const body = secret({ url: "redis://:sample of password@broker", own: "own", both: "x", made: "drawn" });
    const templates = [template("url", "password"), template("own", "own"), template("both", "password", "pem")];
    return sampleProblems(stack, "paas", templates, [
      { declared: declared(secretType, body), live: { metadata: {}, data: data(live) } },
    ]);
  }

  it("adopt refuses to replace a live secret by a sample, and names the key, its Secret and the commands", () => {
    assert.deepEqual(said({ url: "redis://:old@broker", own: "former", both: "old", made: "old", undeclared: "old" }), [
      "Secret dials/broker url: the first up would replace the live text by a published sample, of dials:password; " +
        "npm run ops -- secrets import cluster --stack mine, or npx pulumi config set --stack mine --secret dials:password",
      "Secret dials/broker both: the first up would replace the live text by a published sample, of dials:password and dials:pem; " +
        "npm run ops -- secrets import cluster --stack mine, or npx pulumi config set --stack mine --secret dials:password, or " +
        "npx pulumi config set --stack mine --secret dials:pem < FILE",
    ]);
    assert.equal(said({ both: "old" }, { lab: true }).length, 1, "also in the lab");
  });

  it("a sample may replace a live text that is equal, empty or a sample, or where the lab allows samples", () => {
    assert.deepEqual(said({ url: "redis://:sample of password@broker", both: "" }), []);
    assert.deepEqual(said({ url: `redis://:${sample("token", "another")}@broker` }), []);
    assert.deepEqual(said({ url: "redis://:old@broker" }, { lab: true, allowSamples: true }), []);
    assert.equal(said({ url: "redis://:old@broker" }, { allowSamples: true }).length, 1, "not outside of the lab");
  });
});

describe("the import file", () => {
  const crypter = openSalt(newSalt("test"), "test");
  const system = registration("orrery:dials:Dials", "dials", {});
  const claim = registration("kubernetes:core/v1:PersistentVolumeClaim", "claim", {}, { parent: system.urn, provider });
  const paas = registration("pulumi:providers:kubernetes", "paas", { kubeconfig: new Secret("of-old") });
  const resources = [registration("pulumi:pulumi:Stack", "orrery-prod", {}, { parent: "" }), paas, system, claim];
  const adopted = new Map([[claim.urn, { id: "dials/claim", inputs: { password: new Secret({ a: "of-old" }) } }]]);
  const encrypt = (text: string): string => crypter.encrypt(text);

  it("an import file holds each resource with its ancestors and its provider, secrets encrypted", () => {
    const file = importFile({ resources, adopted, known: new Set(), encrypt });
    assert.ok(!JSON.stringify(file).includes("of-old"));
    assert.deepEqual(file.nameTable, {});
    assert.deepEqual(
      file.resources.map(({ logicalName, id, parent, provider: by, component }) => ({
        ...{ logicalName, id, parent, by, component },
      })),
      [
        { logicalName: "paas", id: undefined, parent: undefined, by: undefined, component: undefined },
        { logicalName: "dials", id: undefined, parent: undefined, by: undefined, component: true },
        { logicalName: "claim", id: "dials/claim", parent: system.urn, by: paas.urn, component: undefined },
      ],
    );
    const [{ inputs } = { inputs: undefined }] = file.resources;
    const { ciphertext } = (inputs as { kubeconfig: { ciphertext: string } }).kubeconfig;
    assert.equal(crypter.decrypt(ciphertext), '"of-old"');
    assert.ok(file.resources.every(({ component, version }) => (component === true) === (version === undefined)));
  });

  it("an import file only refers to resources that are in the state already", () => {
    const known = new Set([paas.urn, system.urn]);
    const file = importFile({ resources, adopted, known, encrypt });
    assert.deepEqual(file.nameTable, { [system.urn]: system.urn, [paas.urn]: paas.urn });
    assert.deepEqual(
      file.resources.map(({ logicalName }) => logicalName),
      ["claim"],
    );
  });
});

describe("matching a cloud's resources", () => {
  const project: Inventory = {
    servers: [
      { id: "s1", name: "hub.test", flavor: { id: "f" }, "os-extended-volumes:volumes_attached": [{ id: "v1" }] },
    ],
    flavors: [{ id: "f", name: "m1.large" }],
    keypairs: [{ name: "hub", public_key: "ssh-rsa x\n" }],
    volumes: [
      { id: "v1", name: "hub.test-zfs-01", size: 50 },
      { id: "v2", name: "twice", size: 1 },
      { id: "v3", name: "twice", size: 1 },
    ],
    networks: [{ id: "n", name: "default" }],
    ports: [{ id: "p1", name: "", device_id: "s1", network_id: "n", fixed_ips: [{ ip_address: "10.0.0.5" }] }],
    floatingIps: [{ id: "a1", floating_ip_address: "198.51.100.1", port_id: "p1" }],
    groups: [
      {
        ...{ id: "g1", name: "hub.test" },
        security_group_rules: [
          {
            id: "r1",
            direction: "ingress",
            ethertype: "IPv4",
            protocol: "tcp",
            port_range_min: 22,
            port_range_max: 22,
          },
        ],
      },
    ],
    zones: [{ id: "z1", name: "test." }],
    records: [{ id: "d1", zone_id: "z1", name: "hub.test.", type: "A" }],
  };
  const projects = new Map([["rac", project]]);
  const found = (type: string, inputs: Json, world = new CloudWorld(projects)): string | undefined =>
    world.live({ type: `openstack:${type}`, name: "one", urn: "urn:one", inputs }, cloud)?.id;

  it("cloud resources are matched by name, or by what they are attached to", () => {
    assert.equal(found("blockstorage/volume:Volume", { name: "hub.test-zfs-01" }), "v1");
    assert.equal(found("compute/instance:Instance", { name: "hub.test" }), "s1");
    assert.equal(found("compute/keypair:Keypair", { name: "hub" }), "hub");
    assert.equal(found("compute/volumeAttach:VolumeAttach", { instanceId: "s1", volumeId: "v1" }), "s1/v1");
    assert.equal(found("compute/volumeAttach:VolumeAttach", { instanceId: "s1", volumeId: "v2" }), undefined);
    assert.equal(found("dns/recordSet:RecordSet", { zoneId: "z1", name: "hub.test.", type: "A" }), "z1/d1");
    assert.equal(found("dns/recordSet:RecordSet", { zoneId: "z1", name: "hub.test.", type: "AAAA" }), undefined);
    assert.equal(found("networking/port:Port", { name: "hub.test" }), "p1");
    assert.equal(found("networking/secGroup:SecGroup", { name: "hub.test" }), "g1");
    const rule = { securityGroupId: "g1", direction: "ingress", ethertype: "IPv4", protocol: "tcp" };
    assert.equal(found("networking/secGroupRule:SecGroupRule", { ...rule, portRangeMin: 22, portRangeMax: 22 }), "r1");
    assert.equal(
      found("networking/secGroupRule:SecGroupRule", { ...rule, portRangeMin: 1, portRangeMax: 22 }),
      undefined,
    );
  });

  it("a name that two cloud resources share matches neither; the message has both ids", () => {
    const world = new CloudWorld(projects);
    assert.equal(found("blockstorage/volume:Volume", { name: "twice" }, world), undefined);
    assert.match(world.problems.get("urn:one") ?? "", /^Volume twice: the project has 2 of that name \(v2, v3\)/);
  });

  it("the program learns addresses from matched cloud resources; a floating IP is the one on its port", () => {
    const port = { type: "openstack:networking/port:Port", name: "one", urn: "urn:one", inputs: { name: "hub.test" } };
    const state = new CloudWorld(projects).live(port, cloud)?.state;
    assert.deepEqual(state?.allFixedIps, ["10.0.0.5"]);
    const parent = "urn:address";
    const address = registration("openstack:networking/floatingIp:FloatingIp", "ip", {}, { parent, provider: cloud });
    const onPort = registration("openstack:networking/floatingIpAssociate:FloatingIpAssociate", "on", { portId: "p1" });
    const resources = [address, { ...onPort, parent, provider: cloud }];
    assert.equal(addressesOnPorts({ resources }, projects).get(address.urn)?.id, "a1");
  });

  it("an adopted server's state has it on its existing port, so that nothing is created again", () => {
    const world = new CloudWorld(projects);
    found("compute/instance:Instance", { name: "hub.test", flavorName: "m1.small", configDrive: true }, world);
    const { inputs, outputs } = world.adopted.get("urn:one") ?? {};
    assert.deepEqual([inputs?.flavorName, inputs?.networks], ["m1.large", [{ port: "p1" }]]);
    assert.equal((outputs?.networks as Json[])[0]?.fixedIpV4, "10.0.0.5");
  });
});

describe("unmanaged objects", () => {
  const object = (apiVersion: string, kind: string, name: string, more: object = {}): Json => ({
    ...{ apiVersion, kind, metadata: { name, namespace: "packit", ...more } },
  });
  const template = { metadata: { name: "cache" } };
  const wanted = [
    declared("kubernetes:apps/v1:Deployment", object("apps/v1", "Deployment", "postgres")),
    declared("kubernetes:apps/v1:StatefulSet", {
      ...object("apps/v1", "StatefulSet", "worker"),
      spec: { volumeClaimTemplates: [template] },
    }),
  ];

  it("an unmanaged object is one that is not declared, not part of another object and not created by the namespace", () => {
    const live = [
      object("apps.openshift.io/v1", "DeploymentConfig", "postgres"),
      object("apps/v1", "Deployment", "postgres"),
      object("v1", "PersistentVolumeClaim", "cache-worker-0"),
      object("v1", "PersistentVolumeClaim", "old"),
      object("v1", "ConfigMap", "kube-root-ca.crt"),
      object("batch/v1", "Job", "run-1", { ownerReferences: [{ kind: "CronJob" }] }),
      { ...object("v1", "Secret", "default-token"), type: "kubernetes.io/service-account-token" },
    ];
    assert.deepEqual(leftOf("paas", wanted, live), [
      {
        cluster: "paas",
        object: "DeploymentConfig packit/postgres",
        remove: "kubectl delete deploymentconfig postgres --namespace packit",
        instead: "Deployment",
      },
      {
        cluster: "paas",
        object: "PersistentVolumeClaim packit/old",
        remove: "kubectl delete persistentvolumeclaim old --namespace packit",
      },
    ]);
  });
});

describe("orrery adopt", () => {
  async function adopt(...words: string[]): Promise<{ code: number; output: string }> {
    const lines: string[] = [];
    const { log, error } = console;
    console.log = console.error = (line: string) => void lines.push(line);
    try {
      return { code: await main(["adopt", ...words]), output: lines.join("\n") };
    } finally {
      Object.assign(console, { log, error });
    }
  }

  it("adopt prints help, asks for the stack, and overwrites no file", async () => {
    const help = await adopt("--help");
    assert.deepEqual([help.code, help.output.split("\n")[0]?.startsWith("Usage: npx orrery adopt")], [0, true]);
    const nobody = await adopt();
    assert.equal(nobody.code, 2);
    assert.match(nobody.output, /^orrery: --stack S is missing: /);
    const there = await adopt("--stack", "test", "--out", "package.json");
    assert.deepEqual(
      [there.code, there.output],
      [2, "orrery: package.json exists already; remove it, or name another file by --out"],
    );
    const nowhere = await adopt("--stack", "test", "--out", "nowhere/adopt.json");
    assert.deepEqual(
      [nowhere.code, nowhere.output],
      [2, "orrery: there is no folder for nowhere/adopt.json; name another file by --out"],
    );
  });
});
