/** A Deployment's pod and what it mounts, as the lab's API has them. */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { api, type KubeObject } from "../../../lab/harness/kube.ts";

interface Deployment extends KubeObject {
  readonly spec: { readonly template: { readonly spec: PodSpec } };
}

/** A probe of a container. */
export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: number | string };
  readonly tcpSocket?: { readonly port: number | string };
}

export interface PodContainer {
  readonly name: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
    readonly subPath?: string;
  }[];
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly securityContext?: {
    readonly readOnlyRootFilesystem?: boolean;
    readonly capabilities?: { readonly add?: readonly string[] };
  };
}

export interface PodSpec {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken?: boolean;
  readonly securityContext?: { readonly runAsUser?: number; readonly runAsGroup?: number; readonly fsGroup?: number };
  readonly containers: readonly PodContainer[];
  readonly volumes?: readonly {
    readonly name: string;
    readonly configMap?: { readonly name: string };
    readonly secret?: { readonly secretName: string };
    readonly emptyDir?: object;
  }[];
}

/** The pod that a Deployment or CronJob starts. */
export async function podSpec(namespace: string, kind: "Deployment" | "CronJob", name: string): Promise<PodSpec> {
  if (kind === "Deployment")
    return (await api.get<Deployment>(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`)).spec.template.spec;
  interface CronJob {
    readonly spec: { readonly jobTemplate: Deployment };
  }
  const { spec } = await api.get<CronJob>(`/apis/batch/v1/namespaces/${namespace}/cronjobs/${name}`);
  return spec.jobTemplate.spec.template.spec;
}

/** A folder or file outside, where it is inside, and whether it may be written. */
export interface Bind {
  readonly from: string;
  readonly to: string;
  readonly writable: boolean;
}

interface Content {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** Fetches what a container mounts into a folder, as a kubelet does. */
export async function mountVolumes(
  namespace: string,
  spec: PodSpec,
  { volumeMounts = [] }: PodContainer,
  folder: string,
): Promise<readonly Bind[]> {
  const group = spec.securityContext?.fsGroup ?? 0;
  const binds: Bind[] = [];
  for (const [index, { name, mountPath, readOnly, subPath }] of volumeMounts.entries()) {
    const volume = spec.volumes?.find((one) => one.name === name);
    const from = path.join(folder, `${index}-${name}`);
    mkdirSync(from, { recursive: true });
    const { configMap, secret } = volume ?? {};
    const fromObject = configMap !== undefined || secret !== undefined;
    if (fromObject) {
      const place = configMap === undefined ? `secrets/${secret?.secretName ?? ""}` : `configmaps/${configMap.name}`;
      const content = await api.get<KubeObject & Content>(`/api/v1/namespaces/${namespace}/${place}`);
      const encoded = Object.entries((configMap === undefined ? content.data : content.binaryData) ?? {});
      for (const [file, text] of encoded) writeFileSync(path.join(from, file), Buffer.from(text, "base64"));
      for (const [file, text] of Object.entries(configMap === undefined ? {} : (content.data ?? {})))
        writeFileSync(path.join(from, file), text);
    } else {
      // A volume of its own belongs to root and to the pod's group; an emptyDir to everybody.
      chownSync(from, 0, group);
      chmodSync(from, volume?.emptyDir === undefined ? 0o2775 : 0o2777);
    }
    binds.push({
      from: subPath === undefined ? from : path.join(from, subPath),
      to: mountPath,
      writable: !fromObject && readOnly !== true,
    });
  }
  return binds;
}

/** Where pods find who they are. */
const accountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The account's token, as a kubelet puts it into a pod that wants it. */
export async function mountAccount(
  namespace: string,
  spec: PodSpec,
  authority: string,
  folder: string,
): Promise<readonly Bind[]> {
  if (spec.automountServiceAccountToken === false) return [];
  const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } };
  const { status } = await api.post<{ status: { token: string } }>(
    `/api/v1/namespaces/${namespace}/serviceaccounts/${spec.serviceAccountName}/token`,
    request,
  );
  const from = path.join(folder, "account");
  mkdirSync(from);
  for (const [file, text] of Object.entries({ token: status.token, namespace, "ca.crt": authority }))
    writeFileSync(path.join(from, file), text);
  return [{ from, to: accountPath, writable: false }];
}
