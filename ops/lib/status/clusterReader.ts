/** Reads a cluster once for all collectors: one login, and each list once. */
import { askCluster, type ClusterApi } from "../../../config/clusterApi.ts";
import { resourceName } from "../../../blocks/kubernetes/requiredPermissions.ts";
import { asObject, type Json } from "../../../policy/manifest.ts";

/** An object as the API has it. */
export interface LiveObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
  };
  readonly spec?: Json;
  readonly status?: Json;
  readonly data?: Readonly<Record<string, string>>;
  readonly type?: string;
}

/** A kind of objects in one namespace, or in the whole cluster. */
export interface KindIn {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for kinds of the whole cluster. */
  readonly namespace: string;
}

/** One cluster. */
export class ClusterReader {
  private readonly lists = new Map<string, Promise<readonly LiveObject[]>>();
  private readonly kubeconfig: () => Promise<string>;
  private readonly signal: AbortSignal;
  private opened: Promise<ClusterApi> | undefined;

  /** @param signal - ends the login and all requests */
  constructor(kubeconfig: () => Promise<string>, signal: AbortSignal) {
    this.kubeconfig = kubeconfig;
    this.signal = signal;
  }

  /** The login's text, for kubectl. */
  login(): Promise<string> {
    return this.kubeconfig();
  }

  /** The API; logs in at the first call. @throws LoginError */
  api(): Promise<ClusterApi> {
    this.opened ??= this.kubeconfig().then(
      (text) =>
        new Promise((resolve, reject) => {
          const work = (api: ClusterApi): Promise<void> => {
            resolve(api);
            return new Promise((done) => {
              if (this.signal.aborted) done();
              else
                this.signal.addEventListener(
                  "abort",
                  () => {
                    done();
                  },
                  { once: true },
                );
            });
          };
          askCluster(text, work, this.signal).catch(reject);
        }),
    );
    return this.opened;
  }

  /** All objects of a kind; none if the cluster has no such kind. @throws if they may not be read */
  list(at: KindIn): Promise<readonly LiveObject[]> {
    const path = pathOf(at);
    const list = this.lists.get(path) ?? this.read(path, at);
    this.lists.set(path, list);
    return list;
  }

  private async read(path: string, { apiVersion, kind }: KindIn): Promise<readonly LiveObject[]> {
    const { status, body } = await (await this.api()).send("GET", path);
    if (status === 404) return [];
    if (status >= 300) throw new Error(`answers ${status} to ${path}`);
    const { items } = asObject(body) as { readonly items?: readonly LiveObject[] };
    return (items ?? []).map((one) => ({ ...one, apiVersion, kind }));
  }
}

function pathOf({ apiVersion, kind, namespace }: KindIn): string {
  const [plural = ""] = resourceName({ apiVersion, kind }).split(".");
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}${namespace === "" ? "" : `/namespaces/${namespace}`}/${plural}`;
}

/** Namespaces that objects are declared in. */
export function namespacesOf(
  objects: readonly { readonly manifest: { readonly namespace: string } }[],
): readonly string[] {
  return [...new Set(objects.map(({ manifest }) => manifest.namespace))].filter((one) => one !== "");
}
