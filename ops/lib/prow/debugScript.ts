/** What a debugging shell does first. */

/** What a Deployment runs. */
export interface Running {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          image: string;
          args?: readonly string[];
          volumeMounts?: readonly { mountPath: string }[];
        }[];
      };
    };
  };
}

/** Commit of a Prow image: its tag is v<day>-<commit>. */
export function commitOf(image: string): string | undefined {
  return /:v\d{8}-([0-9a-f]+)$/.exec(image)?.[1];
}

/** What the shell does first: the service's files where its flags expect them, the sources, and how to run them. */
export function prepareScript(service: string, { spec }: Running): string {
  const [container] = spec.template.spec.containers;
  const commit = commitOf(container?.image ?? "");
  const mounts = (container?.volumeMounts ?? []).map(({ mountPath }) => mountPath.replace(/\/$/, ""));
  const quoted = (container?.args ?? []).map((one) => `'${one.replaceAll("'", `'\\''`)}'`).join(" ");
  return [
    // The service's files are in its own container, which shares its processes with this one.
    ...[...mounts, "/var/run/secrets/kubernetes.io"].map(
      (at) => `mkdir -p "$(dirname ${at})" && [ -e ${at} ] || ln -s /proc/1/root${at} ${at}`,
    ),
    "git clone --quiet https://github.com/kubernetes-sigs/prow /srv/prow",
    "cd /srv/prow",
    ...(commit === undefined ? [] : [`git checkout --quiet ${commit}`]),
    `echo "The service runs on as process 1. To run it here, too, with its own flags (stop with Ctrl-C):"`,
    `echo "  cd /srv/prow && go run ./cmd/${service === "statusreconciler" ? "status-reconciler" : service} ${quoted.replaceAll('"', '\\"')}"`,
    "exec bash",
  ].join("\n");
}
