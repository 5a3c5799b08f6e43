import type * as pulumi from "@pulumi/pulumi";
import { type Manifest, toManifest } from "../../../policy/manifest.ts";
import { record, type Recording, type Registration } from "../../../review/evaluate/record.ts";
import { type Properties, redact } from "../../../review/evaluate/secret.ts";
import type { Cluster, Platform } from "../../../blocks/kubernetes/cluster.ts";

/** Registrations of a program of building blocks. */
export interface Built extends Recording {
  /** The resource with a name and, if several share it, this end of a type. @throws unless there is exactly one */
  readonly one: (name: string, type?: string) => Registration;
  /** Kubernetes objects, secrets hidden. */
  readonly manifests: readonly Manifest[];
  /** Inputs of a Kubernetes object, secrets hidden, by `Kind name`. @throws unless there is exactly one */
  readonly object: (title: string) => Properties;
}

/** Runs a program against a cluster of mocks; an object that it returns is its exports. It imports the components after the mocks are set. */
export async function build(
  platform: Platform,
  program: (cluster: Cluster, opts: pulumi.ComponentResourceOptions) => unknown,
): Promise<Built> {
  const recording = await record({ stack: "test", config: new Map() }, async () => {
    const k8s = await import("@pulumi/kubernetes");
    const provider = new k8s.Provider("lab", { kubeconfig: "" });
    const made = await program({ name: "lab", platform, appsDomain: "apps.lab.test", provider }, { provider });
    return typeof made === "object" && made !== null ? made : {};
  });
  return withLookups(recording);
}

/** The same recording with look-ups by name. */
export function withLookups(recording: Recording): Built {
  const manifests = recording.resources.flatMap(
    ({ type, inputs, provider }) => toManifest(type, redact(inputs) as Properties, provider) ?? [],
  );
  return {
    ...recording,
    manifests,
    one: (name, type = "") =>
      only(
        recording.resources.filter((one) => one.name === name && one.type.endsWith(type)),
        name,
      ),
    object: (title) =>
      only(
        manifests.filter(({ kind, name }) => `${kind} ${name}` === title),
        title,
      ).body,
  };
}

function only<T>(found: readonly T[], what: string): T {
  const [first, ...more] = found;
  if (first === undefined || more.length > 0) {
    throw new Error(`${found.length} resources are "${what}"`);
  }
  return first;
}
