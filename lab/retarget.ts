/** Aims a stack file at the lab: endpoints and credentials, the mark that lets samples in, and what a data source of a real cloud would find there. */
import { writeFileSync } from "node:fs";
import { openSalt } from "../config/passphrase.ts";
import { kubeconfig, labPassword, nobodysMark, publicKeyLine } from "../config/samples.ts";
import { put, setAt, setSecret } from "../config/stackEdit.ts";
import { readStackFile, type StackFile } from "../config/stackFile.ts";

/** The lab as a target. */
export interface AimTarget {
  readonly ports: { readonly keystone: number; readonly kubernetes: number };
}

/** Things that a stack takes for granted in its cloud; whoever runs it on an empty cloud makes them first. */
export interface LabPrerequisites {
  /** Zones, without the final dot. */
  readonly zones: readonly string[];
  /** Volumes by name. */
  readonly volumes: readonly string[];
  /** Floating IPs by description. */
  readonly floatingIps: readonly string[];
  /** Kubernetes namespaces. */
  readonly namespaces: readonly string[];
  /** Kubernetes nodes. */
  readonly nodes: readonly string[];
}

/** The one notebook image that the lab's machines bring along, as no registry answers them. */
export const labNotebookImage = "docker.io/callysto/pims-minimal:lab";

/** Kubeconfig of the lab's Kubernetes API. */
export function labKubeconfig(lab: AimTarget): string {
  return kubeconfig(`https://127.0.0.1:${lab.ports.kubernetes}`, labPassword);
}

/** The lab's OpenStack as one of `clouds:settings`. */
function labCloud(lab: AimTarget): object {
  return {
    authUrl: `http://127.0.0.1:${lab.ports.keystone}/v3`,
    region: "RegionOne",
    userName: "callysto",
    tenantName: "callysto",
    externalNetwork: "public",
    network: "default",
    lab: true,
  };
}

/**
 * Writes a copy of a stack file in which every cluster and cloud is the lab; everything else is the same, byte by byte.
 * @returns what the lab must have before the stack is applied.
 * @throws if the passphrase is wrong or the file is no stack file.
 */
export function retarget(source: string, target: string, lab: AimTarget, passphrase: string): LabPrerequisites {
  const stack = readStackFile(source);
  const crypter = openSalt(stack.encryptionSalt ?? "", passphrase);
  let { text } = stack;
  for (const cluster of Object.keys(plain(stack, "clusters:settings"))) {
    text = setSecret(text, `clusters:${cluster}`, crypter.encrypt(labKubeconfig(lab)));
    text = put(text, ["config", "clusters:settings", cluster, "lab"], true);
  }
  for (const cloud of Object.keys(plain(stack, "clouds:settings"))) {
    text = setSecret(text, `clouds:${cloud}`, crypter.encrypt(labPassword));
    text = setAt(text, ["config", "clouds:settings", cloud], labCloud(lab));
  }
  const callysto = aimCallysto(text, plain(stack, "callysto:settings"));
  writeFileSync(target, callysto.text);
  return {
    ...callysto.premises,
    namespaces: existingNamespaces(plain(stack, "dials:settings")),
    nodes: labelledNodes(plain(stack, "prow:settings")),
  };
}

/** Projects that are made in a self-service before the program runs. */
function existingNamespaces({ namespace }: { readonly namespace?: { name: string; create?: boolean } }): string[] {
  return namespace === undefined || namespace.create === true ? [] : [namespace.name];
}

/** Nodes that a system only labels. */
function labelledNodes({ nodes }: { readonly nodes?: Readonly<Record<string, unknown>> }): string[] {
  return Object.keys(nodes ?? {});
}

/** Settings as the file has them. */
function plain(stack: StackFile, key: string): object {
  return JSON.parse(stack.entries.get(key)?.value ?? "{}") as object;
}

/** As much of Callysto's settings as names things that exist in its cloud. */
interface CallystoTargets {
  readonly deployKey?: string;
  readonly zones?: Readonly<Record<string, { readonly mode: string }>>;
  readonly environments?: Readonly<
    Record<
      string,
      {
        readonly domain: string;
        readonly name: { readonly label?: string };
        readonly volumes?: { readonly mode: string };
        readonly floatingIp?: { readonly mode: string };
        readonly guest?: { readonly jupyterhub?: object; readonly certificateKey?: string };
      }
    >
  >;
}

/** Whether a public key is one of a committed stack's that let nobody in; in the lab the samples' private halves fit. */
function isNobodys(line = ""): boolean {
  return Buffer.from(line.split(" ")[1] ?? "", "base64").includes(nobodysMark);
}

/** Ids of a real cloud cannot be had in the lab, so volumes are named instead and floating IPs described; nor can images of a registry. */
function aimCallysto(
  text: string,
  settings: CallystoTargets,
): { readonly text: string; readonly premises: Omit<LabPrerequisites, "namespaces" | "nodes"> } {
  const volumes: string[] = [];
  const floatingIps: string[] = [];
  if (isNobodys(settings.deployKey)) {
    text = setAt(text, ["config", "callysto:settings", "deployKey"], publicKeyLine("callysto:deployPrivateKey"));
  }
  for (const [environment, { domain, name, ...uses }] of Object.entries(settings.environments ?? {})) {
    const host = `${name.label ?? environment}.${domain}`;
    const at = ["config", "callysto:settings", "environments", environment];
    if (uses.volumes?.mode === "existing") {
      const named = [`${host}-home-1`, `${host}-home-2`];
      text = setAt(text, [...at, "volumes", "volumes"], named);
      volumes.push(...named);
    }
    if (uses.floatingIp?.mode === "existing") {
      text = setAt(text, [...at, "floatingIp", "ip"], host);
      floatingIps.push(host);
    }
    if (isNobodys(uses.guest?.certificateKey)) {
      text = setAt(text, [...at, "guest", "certificateKey"], publicKeyLine("callysto:certificatePushKey-clavius"));
    }
    if (uses.guest?.jupyterhub !== undefined) {
      text = setAt(text, [...at, "guest", "jupyterhub", "image"], labNotebookImage);
    }
  }
  const zones = Object.entries(settings.zones ?? {}).filter(([, { mode }]) => mode === "existing");
  return { text, premises: { zones: zones.map(([zone]) => zone), volumes, floatingIps } };
}
