import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "mocha";
import { retarget, labKubeconfig, type LabPrerequisites } from "../../../lab/retarget.ts";
import { openSalt } from "../../../config/passphrase.ts";
import { kubeconfig, unusableKey, publicKeyLine } from "../../../config/samples.ts";

const salt = "v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ==";
const lab = { ports: { keystone: 16000, kubernetes: 16030 }, password: "of-the-lab" };
const dir = mkdtempSync(path.join(tmpdir(), "aim-"));

/** Retargets a file with this config; returns its text and the prerequisites. */
function retargeted(
  config: string,
  nodes: readonly string[] = [],
): { readonly text: string; readonly prerequisites: LabPrerequisites } {
  const [source, target] = [path.join(dir, "source.yaml"), path.join(dir, "target.yaml")];
  writeFileSync(source, `# mine\nencryptionsalt: ${salt}\nconfig:\n${config}`);
  const { prerequisites } = retarget(source, target, { ...lab, nodes }, "password");
  return { prerequisites, text: readFileSync(target, "utf8") };
}

const nothing: LabPrerequisites = {
  zones: [],
  volumes: [],
  floatingIps: [],
  namespaces: [],
  nodes: [],
  prowJobs: false,
};

describe("retargeting a stack at the lab", () => {
  after(() => {
    rmSync(dir, { recursive: true });
  });

  it("real nodes take the places of the nodes that a stack labels, and too few are refused", () => {
    const config = `  prow:settings:
    nodes: {10.0.0.1: [cache], 10.0.0.2: [worker]}
    localVolumes: {node: 10.0.0.2}
    ghproxy: {size: 1Gi, storageClass: local}
`;
    const { text, prerequisites } = retargeted(config, ["node-0", "node-1", "node-2"]);
    assert.match(text, /nodes: *\{ ?node-0: \[ ?cache ?\], node-1: \[ ?worker ?\] ?\}/);
    assert.doesNotMatch(text, /localVolumes|storageClass/);
    assert.match(text, /ghproxy: *\{ ?size: 1Gi ?\}/);
    assert.deepEqual(prerequisites, nothing);
    assert.deepEqual(retargeted(config).prerequisites.nodes, ["10.0.0.1", "10.0.0.2"]);
    assert.throws(() => retargeted(config, ["node-0"]), {
      message: "the stack labels 2 nodes and the lab has 1 real ones; start it with npm run lab -- up --real-nodes 2",
    });
  });

  it("a retargeted stack has the lab's login for each cluster and cloud, and the lab's endpoints", () => {
    const { text, prerequisites } = retargeted(`  clusters:settings: # kept
    psi: {platform: openshift, appsDomain: x.test}
    two: {platform: kubernetes, appsDomain: y.test}
  clusters:psi:
    secure: v1:old
  clouds:settings:
    rac:
      authUrl: https://keystone.example.org/v3
      applicationCredentialId: id
    arb: {authUrl: x} # kept
  clouds:rac:
    secure: v1:old
`);
    const crypter = openSalt(salt, "password");
    const secrets: string[] = [];
    const rest = text.replaceAll(/secure: (\S+)/g, (_, value: string) => {
      secrets.push(crypter.decrypt(value));
      return "secure: ...";
    });
    const cloud =
      "{authUrl: http://127.0.0.1:16000/v3, region: RegionOne, userName: callysto, tenantName: callysto, " +
      "externalNetwork: public, network: default, lab: true}";
    assert.equal(
      rest,
      `# mine
encryptionsalt: ${salt}
config:
  clusters:settings: # kept
    psi: {platform: openshift, appsDomain: x.test, lab: true}
    two: {platform: kubernetes, appsDomain: y.test, lab: true}
  clusters:psi:
    secure: ...
  clouds:settings:
    rac:
      ${cloud}
    arb: ${cloud} # kept
  clouds:rac:
    secure: ...
  clusters:two:
    secure: ...
  clouds:arb:
    secure: ...
`,
    );
    const login = kubeconfig("https://127.0.0.1:16030", "of-the-lab");
    assert.equal(labKubeconfig(lab), login);
    assert.deepEqual(secrets, [login, "of-the-lab", login, "of-the-lab"]);
    assert.deepEqual(prerequisites, nothing);
  });

  it("with real nodes the lab's router stands for an ingress controller, and OpenShift's administrator makes its namespaces", () => {
    const source = path.join(dir, "source.yaml");
    const settings = `  clusters:settings:
    psi: {platform: openshift, appsDomain: x.test}
    two: {platform: kubernetes, appsDomain: y.test, ingress: {ranges: [192.0.2.0/24]}}
    three: {platform: kubernetes, appsDomain: z.test}
`;
    writeFileSync(source, `encryptionsalt: ${salt}\nconfig:\n${settings}`);
    const target = path.join(dir, "target.yaml");
    retarget(source, target, { ...lab, router: "198.18.65.3" }, "password");
    const text = readFileSync(target, "utf8");
    assert.match(
      text,
      /two: \{platform: kubernetes, appsDomain: y\.test, ingress: \{ranges: \[198\.18\.65\.3\/32\]\}, lab: true\}/,
    );
    assert.match(text, /three: \{platform: kubernetes, appsDomain: z\.test, lab: true\}/);
    const crypter = openSalt(salt, "password");
    const [psi = "", ...others] = [...text.matchAll(/secure: (\S+)/g)].map(([, value = ""]) => crypter.decrypt(value));
    assert.match(psi, /token: of-the-lab\n {6}as: system:admin\n {6}as-groups: \["system:masters"\]\n/);
    assert.deepEqual(others, [labKubeconfig(lab), labKubeconfig(lab)]);
  });

  it("a retargeted stack names what Callysto expects to exist, because a real cloud's ids are not the lab's", () => {
    const { text, prerequisites } = retargeted(`  callysto:settings:
    zones:
      own.test: {mode: create}
      there.test: {mode: existing}
    environments:
      hub:
        domain: there.test
        name: {label: "the-hub"}
        volumes: {mode: existing, volumes: [a, b]}
        floatingIp: {mode: existing, ip: 192.0.2.1}
        guest: {jupyterhub: {image: example.org/image, more: 1}, other: 2}
      new:
        domain: own.test
        name: {prefix: new-}
        volumes: {mode: new, size: 1}
        floatingIp: {mode: new}
        guest: {other: 1}
      plain:
        domain: own.test
        name: {}
        floatingIp: {mode: existing, ip: 192.0.2.2}
`);
    assert.equal(
      text,
      `# mine
encryptionsalt: ${salt}
config:
  callysto:settings:
    zones:
      own.test: {mode: create}
      there.test: {mode: existing}
    environments:
      hub:
        domain: there.test
        name: {label: "the-hub"}
        volumes: {mode: existing, volumes: [the-hub.there.test-home-1, the-hub.there.test-home-2]}
        floatingIp: {mode: existing, ip: the-hub.there.test}
        guest: {jupyterhub: {image: docker.io/callysto/pims-minimal:lab, more: 1}, other: 2}
      new:
        domain: own.test
        name: {prefix: new-}
        volumes: {mode: new, size: 1}
        floatingIp: {mode: new}
        guest: {other: 1}
      plain:
        domain: own.test
        name: {}
        floatingIp: {mode: existing, ip: plain.own.test}
`,
    );
    assert.deepEqual(prerequisites, {
      ...nothing,
      zones: ["there.test"],
      volumes: ["the-hub.there.test-home-1", "the-hub.there.test-home-2"],
      floatingIps: ["the-hub.there.test", "plain.own.test"],
    });
  });

  it("a retargeted stack has the samples' public keys where the committed stack has keys without a private half, and no others", () => {
    const { text } = retargeted(`  callysto:settings:
    deployKey: ${unusableKey("deploy")}
    environments:
      hub: {domain: own.test, name: {}, guest: {certificateKey: ${unusableKey("cert")}}}
      mine: {domain: own.test, name: {}, guest: {certificateKey: ssh-ed25519 AAAA mine}}
`);
    const [deploy, push] = ["deployPrivateKey", "certificatePushKey-clavius"].map((key) =>
      publicKeyLine(`callysto:${key}`),
    );
    assert.match(text, new RegExp(`^ {4}deployKey: ${deploy?.replaceAll(/[+]/g, "\\+") ?? ""}$`, "m"));
    assert.deepEqual(
      [...text.matchAll(/certificateKey: ([^}]+)/g)].map(([, key]) => key),
      [push, "ssh-ed25519 AAAA mine"],
    );
  });

  it("retargeting lists the namespaces and nodes that must exist", () => {
    const of = (namespace: string): LabPrerequisites =>
      retargeted(`  dials:settings: {namespace: ${namespace}}\n  prow:settings: {nodes: {a: x, b: y}}\n`).prerequisites;
    assert.deepEqual(of("{name: n}"), { ...nothing, namespaces: ["n"], nodes: ["a", "b"] });
    assert.deepEqual(of("{name: n, create: false}").namespaces, ["n"]);
    assert.deepEqual(of("{name: n, create: true}").namespaces, []);
    assert.deepEqual(retargeted("  prow:settings: {}\n  dials:settings: {}\n").prerequisites, nothing);
  });

  it("a stack is not retargeted under another passphrase, or without a salt", () => {
    const [source, target] = [path.join(dir, "source.yaml"), path.join(dir, "none.yaml")];
    writeFileSync(source, `encryptionsalt: ${salt}\nconfig: {}\n`);
    assert.throws(() => retarget(source, target, lab, "wrong"), /^Error: incorrect passphrase;/);
    writeFileSync(source, "config: {}\n");
    assert.throws(() => retarget(source, target, lab, "password"), /^Error: encryptionsalt is malformed/);
    assert.throws(() => readFileSync(target), /ENOENT/);
  });
});
