/** Which images were imported and which ran. */

/** What ran when, newest first. */
interface Past {
  readonly name: string;
  readonly when: string;
  readonly image: string;
  readonly note: string;
}

/** As much of an ImageStream as is read. */
export interface StreamObject {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly tags?: readonly {
      readonly tag: string;
      readonly items?: readonly { readonly created: string; readonly dockerImageReference: string }[] | null;
    }[];
  };
}

/** As much of a ReplicaSet as is read. */
export interface ReplicaSet {
  readonly metadata: {
    readonly creationTimestamp: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly name: string }[];
  };
  readonly spec: {
    readonly replicas?: number;
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
}

/** What the streams imported. */
export function streamHistory(found: readonly StreamObject[]): readonly Past[] {
  return found.flatMap(({ metadata, status }) =>
    (status?.tags ?? []).flatMap(({ tag, items }) =>
      (items ?? []).map((item, index) => ({
        name: `ImageStream ${metadata.name}:${tag}`,
        when: item.created,
        image: item.dockerImageReference,
        note: index === 0 ? "current" : "",
      })),
    ),
  );
}

/** What the Deployments ran. */
export function rolloutHistory(names: readonly string[], sets: readonly ReplicaSet[]): readonly Past[] {
  return names.flatMap((name) =>
    sets
      .filter(({ metadata }) => metadata.ownerReferences?.[0]?.name === name)
      .sort((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? 1 : -1))
      .map(({ metadata, spec }) => ({
        name: `Deployment ${name}`,
        when: metadata.creationTimestamp,
        image: spec.template.spec.containers.map(({ image }) => image).join(" "),
        note: `revision ${metadata.annotations?.["deployment.kubernetes.io/revision"] ?? "?"}${(spec.replicas ?? 0) > 0 ? ", runs" : ""}`,
      })),
  );
}
