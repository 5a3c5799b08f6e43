/** Whether what runs is what was asked for last. */
import type { KubeApi } from "./api.ts";

interface Deployment {
  readonly metadata: { readonly generation: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
  };
}

/** Whether the newest pod of a Deployment with one is ready. */
export async function newestPodReady(api: KubeApi, namespace: string, name: string): Promise<boolean> {
  const at = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
  const { metadata, status = {} } = await api.get<Deployment>(at);
  const { observedGeneration, updatedReplicas, readyReplicas } = status;
  return observedGeneration === metadata.generation && updatedReplicas === 1 && readyReplicas === 1;
}
