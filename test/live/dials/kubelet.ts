/** Plays the kubelet for one worker's Deployment: each pod of the lab gets a real Celery worker, which ends with its pod. */
import { setTimeout as sleep } from "node:timers/promises";
import { api, type KubeObject } from "../../../lab/harness/kube.ts";
import type { CeleryWorld } from "./celery.ts";

interface Pod extends KubeObject {
  readonly status: { readonly phase?: string };
}

/** Starts to play; the returned function stops it and ends the workers. */
export function playKubelet(world: CeleryWorld, namespace: string, deployment: string): () => Promise<void> {
  const running = new Set<string>();
  const state = { stopped: false };
  const look = async (): Promise<void> => {
    const pods = await api.list<Pod>(`/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${deployment}`);
    const alive = new Set(
      pods
        .filter(({ metadata, status }) => status.phase === "Running" && metadata.deletionTimestamp === undefined)
        .map(({ metadata }) => metadata.name),
    );
    for (const pod of [...running].filter((one) => !alive.has(one))) {
      running.delete(pod);
      void world.stop(pod);
    }
    for (const pod of [...alive].filter((one) => !running.has(one))) {
      running.add(pod);
      void world.startWorker(deployment, pod).catch(() => undefined); // the test sees that it does not work
    }
  };
  const played = (async () => {
    while (!state.stopped) {
      await look().catch(() => undefined);
      await sleep(200);
    }
  })();
  return async () => {
    state.stopped = true;
    await played;
    await Promise.all([...running].map((pod) => world.stop(pod, "SIGKILL")));
  };
}
