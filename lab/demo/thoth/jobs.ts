/** What Zuul does with the stack's node pool, seen from outside: nodes that wait ready, and a job's node from request to removal. */
import { kubeApi, type KubeObject } from "../../kubernetes/api.ts";
import type { Run } from "../../pulumi.ts";
import { execute } from "../kubectl.ts";
import { until } from "../until.ts";
import { jobNodes } from "./deploy.ts";
import { zuulNamespace } from "./nodepool.ts";

/** A pod that nodepool made. */
export interface NodePod extends KubeObject {
  readonly spec: { readonly containers: readonly { readonly image: string; readonly resources?: object }[] };
  readonly status: {
    readonly phase: string;
    readonly containerStatuses?: readonly { readonly imageID: string }[];
  };
}

/** What Zuul's side of a request saw. */
export interface Job {
  readonly pod: string;
  readonly namespace: string;
  readonly provider: string;
  readonly connection_type: string;
  /** Whether the server's certificate was not checked. */
  readonly skiptls: boolean;
  /** What the pod's own server answered through a port that kubectl forwards. */
  readonly forwarded: string;
  readonly ran: readonly { readonly command: string; readonly code: number; readonly output: string }[];
}

/** A running pod of a label, once there is one. @throws if there is none in time */
export function nodeOf(run: Run, label: string): Promise<NodePod> {
  const at = `/api/v1/namespaces/${jobNodes}/pods?labelSelector=nodepool_node_label%3D${label}`;
  return until(`a node of label ${label}`, 120, async () =>
    (await kubeApi(run.lab).list<NodePod>(at)).find(({ status }) => status.phase === "Running"),
  );
}

/** A command in the pod of nodepool's launcher, which has the stack's kubeconfig. */
export const atZuul = (run: Run, ...command: readonly string[]): Promise<string> =>
  execute(run, zuulNamespace, ["deploy/nodepool", "--", ...command]);

/** Asks nodepool for a node, runs commands in it and gives it back, as Zuul does. @returns what Zuul saw, and the pod as it was meanwhile */
export async function runJob(
  run: Run,
  label: string,
  commands: readonly string[],
): Promise<{ job: Job; pod: NodePod }> {
  const [output, pod] = await Promise.all([atZuul(run, "zuul-node", label, ...commands), nodeOf(run, label)]);
  return { job: JSON.parse(output) as Job, pod };
}

/** The image that a tag of one of the pool's streams leads to. */
export async function imageOf(run: Run, stream: string, tag: string): Promise<string> {
  interface Stream {
    readonly status?: {
      readonly tags?: readonly { readonly tag: string; readonly items: readonly { image: string }[] }[];
    };
  }
  const at = `/apis/image.openshift.io/v1/namespaces/${jobNodes}/imagestreams/${stream}`;
  const { status } = await kubeApi(run.lab).get<Stream>(at);
  return status?.tags?.find((one) => one.tag === tag)?.items[0]?.image ?? "";
}
