/** A PostgreSQL server, as the database commands see it: a pod in which they run its client programs. */
import type { Kubectl } from "../../kube/kubectl.ts";
import { type ContainerRef, runInPod, type Streams } from "../../kube/pods.ts";

/** One server. All that the commands do to a database goes through `run`. */
export interface Server {
  /** Name of its Deployment, e.g. `postgres-12`. */
  readonly name: string;
  /** Runs a program where the server is, as its administrator. @returns what it prints, unless that goes to a file */
  run(program: readonly string[], streams?: Streams): Promise<string>;
}

/** The server of a major version in the cluster. An aborted signal ends what runs there. */
export function podServer(kubectl: Kubectl, version: string, signal?: AbortSignal): Server {
  const name = `postgres-${version}`;
  return serverIn(kubectl, name, { pod: `deployment/${name}`, container: "postgres" }, signal);
}

/** The same for a server in any pod. */
export function serverIn(kubectl: Kubectl, name: string, place: ContainerRef, signal?: AbortSignal): Server {
  return {
    name,
    // Software collections (the centos7 images) put the programs on PATH in bash only.
    run: (program, streams) =>
      runInPod(kubectl, place, ["bash", "-c", 'exec "$@"', "bash", ...program], {
        ...streams,
        ...(signal === undefined ? {} : { signal }),
      }),
  };
}
