/** Mock outputs of resources and data sources, derived from the resource alone so that renders are reproducible. */
import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { sample } from "../../config/samples.ts";

/** A resource that is being registered. */
export interface NewResource {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** A call of a provider's function. */
export interface Call {
  readonly token: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly provider: string;
}

type Outputs = Readonly<Record<string, unknown>>;

/** Computed outputs by type token; other types have their inputs as outputs. */
const computed: Readonly<Record<string, (resource: NewResource, seed: string) => Outputs>> = {
  "openstack:blockstorage/volume:Volume": () => ({ attachments: [] }),
  "openstack:compute/instance:Instance": (_, seed) => ({ accessIpV4: ipv4(seed), accessIpV6: ipv6(seed) }),
  "openstack:compute/keypair:Keypair": (_, seed) => ({ fingerprint: digest(seed).slice(0, 32) }),
  "openstack:networking/floatingIp:FloatingIp": (_, seed) => ({ address: ipv4(seed) }),
  "openstack:networking/port:Port": (_, seed) => ({
    allFixedIps: [ipv4(seed), ipv6(seed)],
    macAddress: `fa:16:3e:${[0, 2, 4].map((at) => digest(seed).slice(at, at + 2)).join(":")}`,
  }),
  "random:index/randomId:RandomId": ({ inputs }, seed) => {
    const prefix = textOf(inputs.prefix);
    const bytes = Buffer.from(digest(seed), "hex").subarray(0, Number(inputs.byteLength));
    return { hex: `${prefix}${bytes.toString("hex")}`, b64Url: `${prefix}${bytes.toString("base64url")}` };
  },
  "random:index/randomPassword:RandomPassword": (_, seed) => ({
    result: digest(seed),
    bcryptHash: `$2a$10$${digest(seed)}`,
  }),
  "random:index/randomString:RandomString": ({ inputs }, seed) => ({
    result: digest(seed).slice(0, Number(inputs.length)),
  }),
  "random:index/randomUuid:RandomUuid": (_, seed) => ({ result: uuid(seed) }),
  "tls:index/privateKey:PrivateKey": (_, seed) => ({
    privateKeyPem: sample("pem-private-key", seed),
    privateKeyOpenssh: sample("ssh-private-key", seed),
    publicKeyOpenssh: sample("ssh-public-key", seed),
  }),
  "tls:index/selfSignedCert:SelfSignedCert": (_, seed) => ({ certPem: sample("pem-certificate", seed) }),
  "tls:index/locallySignedCert:LocallySignedCert": (_, seed) => ({ certPem: sample("pem-certificate", seed) }),
  "command:local:Command": () => ({ stdout: "", stderr: "" }),
  "command:remote:Command": () => ({ stdout: "", stderr: "" }),
};

/** ID and state of a new resource; `secretOutputs` are marked as secrets, as the engine does. A replaced resource has others. */
export function resourceState(
  resource: NewResource,
  secretOutputs: readonly string[],
  replaced = false,
): { readonly id: string; readonly state: Outputs } {
  const { type, name, inputs } = resource;
  const seed = `${type} ${name}${replaced ? " replaced" : ""}`;
  const kubernetes = /^kubernetes:(?!yaml|helm|kustomize)/.test(type);
  const own = kubernetes ? { metadata: metadata(resource, seed) } : computed[type]?.(resource, seed);
  const state = Object.entries({ ...inputs, ...own }).map(([key, value]) => [
    key,
    secretOutputs.includes(key) && value !== undefined ? pulumi.secret(value) : value,
  ]);
  return { id: idOf(resource, seed), state: Object.fromEntries(state) as Outputs };
}

function idOf({ type, name, inputs }: NewResource, seed: string): string {
  if (type.startsWith("openstack:compute/keypair:")) return textOf(inputs.name) || name;
  if (type.startsWith("openstack:")) return uuid(seed);
  if (type === "random:index/randomPet:RandomPet") {
    const words = ["able", "bold", "calm", "deft", "eager", "fair", "glad", "hale"];
    const pet = [...Buffer.from(digest(seed), "hex").subarray(0, Number(inputs.length) || 2)].map(
      (byte) => words[byte % 8],
    );
    return [textOf(inputs.prefix), ...pet].filter((part) => part !== "").join(textOf(inputs.separator) || "-");
  }
  return `${name}-id${seed === `${type} ${name}` ? "" : "-replaced"}`;
}

/** Metadata as an API server completes it: UID, resource version, and a name if Pulumi generates it. */
function metadata({ name, inputs }: NewResource, seed: string): unknown {
  const given = inputs.metadata;
  if (
    given !== undefined &&
    (typeof given !== "object" || given === null || "4dabf18193072939515e22adb298388d" in given)
  ) {
    return given;
  }
  return { name: `${name}-${digest(seed).slice(0, 8)}`, uid: uuid(seed), resourceVersion: "1", ...given };
}

/** Result of a data source: its arguments, an ID, and computed outputs where there are any. */
export function callResult({ token, inputs }: Call): Record<string, unknown> {
  const seed = `${token} ${JSON.stringify(inputs)}`;
  const own: Readonly<Record<string, Outputs>> = {
    "openstack:networking/getFloatingIp": { address: ipv4(seed), portId: "" },
    "openstack:blockstorage/getVolumeV3": { attachments: [] },
    "openstack:identity/getAuthScope": { projectId: uuid(seed) },
  };
  return { id: uuid(seed), ...own[token.slice(0, token.lastIndexOf(":"))], ...inputs };
}

function digest(seed: string): string {
  return createHash("sha256").update(seed).digest("hex");
}

function uuid(seed: string): string {
  const hex = digest(seed);
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}

/** An address from the documentation range of RFC 5737. */
function ipv4(seed: string): string {
  return `203.0.113.${1 + (Number.parseInt(digest(seed).slice(0, 4), 16) % 254)}`;
}

/** An address from the documentation range of RFC 3849. */
function ipv6(seed: string): string {
  return `2001:db8::${digest(seed).slice(0, 4)}:${digest(seed).slice(4, 8)}`.replaceAll(/:0+(?=[0-9a-f])/g, ":");
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
