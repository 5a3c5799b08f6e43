/** Retargets a stack file to the lab: endpoints, credentials, the flag `lab` that permits samples, and names in place of real clouds' IDs. */
import { replaceFile } from "../config/replaceFile.ts";
import { schemas } from "../components/registry.ts";
import { type Crypter, openSalt } from "../config/passphrase.ts";
import { isFromLab } from "../config/preflight/samplePassphrase.ts";
import { publishedSamples } from "../config/published.ts";
import { kubeconfig, unusableKeyMark, publicKeyLine } from "../config/samples.ts";
import { put, setAt, setSecret, withoutPaths } from "../config/stackEdit.ts";
import type { WantedSecret } from "../config/secrets.ts";
import { openshiftAdministrator } from "./kubernetes/projects.ts";
import { readStackFile, secretsOf, type StackFile } from "../config/stackFile.ts";

/** The lab as a target. */
export interface LabTarget {
  readonly ports: { readonly keystone: number; readonly kubernetes: number };
  readonly password: string;
  /** Its real nodes, which take the places of nodes that stacks name. @default none: nodes of the stack's names are simulated */
  readonly nodes?: readonly string[];
  /** Address of the router of real nodes, which stands for ingress controllers and for OpenShift's. @default the nodes are simulated */
  readonly router?: string;
}

/** Resources that a stack expects to exist in its cloud; create them before running it on an empty one. */
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
  /** Whether the cluster must have the kind ProwJob, which another stack makes. */
  readonly prowJobs: boolean;
  /** A PostgreSQL in the cluster for a role that may create databases, in place of an operator's server. @default none */
  readonly database?: { readonly user: string; readonly password: string };
  /** GitHub, Docker Hub and Google's storage in the cluster, where Prow's robot has this token. @default none */
  readonly counterparts?: { readonly token: string };
}

/** What {@link retarget} did. */
export interface Retargeted {
  /** To create before the stack is applied. */
  readonly prerequisites: LabPrerequisites;
  /** Keys of the stack's own secrets that are samples now. */
  readonly replaced: readonly string[];
}

/** The notebook image that the lab's machines contain, as they cannot reach a registry. */
export const labNotebookImage = "docker.io/callysto/pims-minimal:lab";

/** Host and port of the PostgreSQL that plays an operator's server, for programs on real nodes. */
export const labDatabase = { namespace: "lab-database", name: "postgres", port: 5432 } as const;

/** Kubeconfig of the lab's Kubernetes API. */
export function labKubeconfig(lab: LabTarget): string {
  return kubeconfig(`https://127.0.0.1:${lab.ports.kubernetes}`, lab.password);
}

/** The same for OpenShift's administrator: the namespaces that he makes on real nodes are OpenShift's. */
function openshiftKubeconfig(lab: LabTarget): string {
  const impersonation = `\n      as: ${openshiftAdministrator}\n      as-groups: ["system:masters"]`;
  return labKubeconfig(lab).replace(/token: .*/, `$&${impersonation}`);
}

/** The lab's OpenStack as an entry of `clouds:settings`. */
function labCloud(lab: LabTarget): object {
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
 * Writes a copy of a stack file in which every cluster and cloud is the lab, and every secret a sample; everything else but
 * the backups of hubs stays the same, byte by byte.
 * @param realSecrets - whether secrets that are no samples stay
 * @throws if the passphrase is wrong or the file is not a stack file
 */
export function retarget(
  source: string,
  target: string,
  lab: LabTarget,
  passphrase: string,
  realSecrets = false,
): Retargeted {
  const stack = readStackFile(source);
  const crypter = openSalt(stack.encryptionSalt ?? "", passphrase);
  const own = realSecrets ? new Map<string, WantedSecret>() : ownSecrets(stack, crypter);
  let { text } = stack;
  for (const [key, wanted] of own) text = setSecret(text, key, crypter.encrypt(wanted.sample()));
  const clusters = plain(stack, "clusters:settings") as Readonly<
    Record<string, { readonly platform?: string; readonly ingress?: object }>
  >;
  for (const [cluster, { platform, ingress }] of Object.entries(clusters)) {
    const login = lab.router !== undefined && platform === "openshift" ? openshiftKubeconfig(lab) : labKubeconfig(lab);
    text = setSecret(text, `clusters:${cluster}`, crypter.encrypt(login));
    text = put(text, ["config", "clusters:settings", cluster, "lab"], true);
    if (lab.router !== undefined && ingress !== undefined) {
      text = setAt(text, ["config", "clusters:settings", cluster, "ingress"], { ranges: [`${lab.router}/32`] });
    }
  }
  for (const cloud of Object.keys(plain(stack, "clouds:settings"))) {
    text = setSecret(text, `clouds:${cloud}`, crypter.encrypt(lab.password));
    text = setAt(text, ["config", "clouds:settings", cloud], labCloud(lab));
  }
  const prow = retargetNodes(text, plain(stack, "prow:settings"), lab.nodes ?? []);
  text = prow.text;
  const callysto = retargetCallysto(text, plain(stack, "callysto:settings"), new Set(own.keys()));
  const { database } = plain(stack, "dials:settings") as { readonly database?: { readonly user: string } };
  const played = lab.router !== undefined && database !== undefined;
  replaceFile(target, played ? retargetDatabase(callysto.text, database.user) : callysto.text);
  const { entries } = readStackFile(target);
  const secret = (key: string): string | undefined => {
    const entry = entries.get(key);
    return lab.router === undefined || entry === undefined ? undefined : crypter.decrypt(entry.value);
  };
  const [password, token] = [secret("dials:databasePassword"), secret("prow:githubToken")];
  const prerequisites = {
    ...callysto.prerequisites,
    namespaces: existingNamespaces(plain(stack, "dials:settings")),
    nodes: prow.nodes,
    prowJobs: prow.prowJobs,
    ...(played && password !== undefined ? { database: { user: database.user, password } } : {}),
    ...(token === undefined ? {} : { counterparts: { token } }),
  };
  return { prerequisites, replaced: [...own.keys()] };
}

/** Secrets in use that are neither samples nor logins of targets, which have the lab's. */
function ownSecrets(stack: StackFile, crypter: Crypter): ReadonlyMap<string, WantedSecret> {
  const wanted = secretsOf(stack, Object.values(schemas));
  const samples = publishedSamples(wanted.values());
  const targets = /^(clusters|clouds):/;
  return new Map(
    [...wanted].filter(([key]) => {
      const entry = stack.entries.get(key);
      if (entry?.secret !== true || targets.test(key)) return false;
      const text = crypter.decrypt(entry.value);
      return !samples.is(text) && !isFromLab(text);
    }),
  );
}

/** Projects that users create in a self-service portal before the program runs. */
function existingNamespaces({ namespace }: { readonly namespace?: { name: string; create?: boolean } }): string[] {
  return namespace === undefined || namespace.create === true ? [] : [namespace.name];
}

/** The part of Prow's settings that names what the cluster has. */
interface ProwNodes {
  readonly crd?: string;
  readonly nodes?: Readonly<Record<string, unknown>>;
  readonly localVolumes?: object;
  readonly ghproxy?: object;
  readonly greenhouse?: object;
  readonly mirrorProxy?: object;
}

/** Nodes that a system labels: real ones take their places in order, or nodes of their names are to be simulated. */
function retargetNodes(
  text: string,
  settings: ProwNodes,
  real: readonly string[],
): { readonly text: string; readonly nodes: readonly string[]; readonly prowJobs: boolean } {
  const { crd, nodes = {}, localVolumes } = settings;
  const names = Object.keys(nodes);
  const prowJobs = crd === "existing";
  if (real.length === 0 || names.length === 0) return { text, nodes: names, prowJobs };
  if (names.length > real.length) {
    throw new Error(
      `the stack labels ${names.length} nodes and the lab has ${real.length} real ones; start it with npm run lab -- up --real-nodes ${names.length}`,
    );
  }
  const renamed = new Map(names.map((name, index) => [name, real[index] ?? ""]));
  const at = ["config", "prow:settings"];
  text = setAt(text, [...at, "nodes"], Object.fromEntries(names.map((name) => [renamed.get(name), nodes[name]])));
  // Nobody makes folders on a real node: the lab's class has volumes for the caches.
  if (localVolumes !== undefined) {
    const caches = (["ghproxy", "greenhouse", "mirrorProxy"] as const).flatMap((cache) =>
      settings[cache] === undefined
        ? []
        : [
            [...at, cache, "storageClass"],
            [...at, cache, "volumeName"],
          ],
    );
    text = withoutPaths(text, [[...at, "localVolumes"], ...caches]);
  }
  return { text, nodes: [], prowJobs };
}

/** Programs on real nodes find a database server in the cluster. */
function retargetDatabase(text: string, user: string): string {
  const { namespace, name, port } = labDatabase;
  const server = { host: `${name}.${namespace}.svc`, port, user };
  return setAt(text, ["config", "dials:settings", "database"], server);
}

/** Unparsed settings of a stack file. */
function plain(stack: StackFile, key: string): object {
  return JSON.parse(stack.entries.get(key)?.value ?? "{}") as object;
}

/** The part of Callysto's settings that refers to existing resources. */
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
        readonly guest?: { readonly jupyterhub?: object; readonly certificateKey?: string; readonly backups?: object };
      }
    >
  >;
}

/** Whether a public key is the placeholder of a committed stack, which has no private key; the lab uses the samples' keys. */
function isSampleKey(line = ""): boolean {
  return Buffer.from(line.split(" ")[1] ?? "", "base64").includes(unusableKeyMark);
}

/** The lab lacks the IDs of a real cloud and images of registries: volumes go by name and floating IPs by description. */
function retargetCallysto(
  text: string,
  settings: CallystoTargets,
  replaced: ReadonlySet<string>,
): { readonly text: string; readonly prerequisites: Omit<LabPrerequisites, "namespaces" | "nodes" | "prowJobs"> } {
  const volumes: string[] = [];
  const floatingIps: string[] = [];
  const deploy = "callysto:deployPrivateKey";
  const push = "callysto:certificatePushKey-clavius";
  if (isSampleKey(settings.deployKey) || replaced.has(deploy)) {
    text = setAt(text, ["config", "callysto:settings", "deployKey"], publicKeyLine(deploy));
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
    if (isSampleKey(uses.guest?.certificateKey) || (uses.guest?.certificateKey !== undefined && replaced.has(push))) {
      text = setAt(text, [...at, "guest", "certificateKey"], publicKeyLine(push));
    }
    if (uses.guest?.jupyterhub !== undefined) {
      text = setAt(text, [...at, "guest", "jupyterhub", "image"], labNotebookImage);
    }
    if (uses.guest?.backups !== undefined) {
      // The lab's machines have no restic, and reach no package archive.
      const secrets = ["backupsPassword", "backupsAccessKeyId", "backupsSecretAccessKey"];
      const unused = secrets.map((secret) => ["config", `callysto:${secret}-${environment}`]);
      text = withoutPaths(text, [[...at, "guest", "backups"], ...unused]);
    }
  }
  const zones = Object.entries(settings.zones ?? {}).filter(([, { mode }]) => mode === "existing");
  return { text, prerequisites: { zones: zones.map(([zone]) => zone), volumes, floatingIps } };
}
