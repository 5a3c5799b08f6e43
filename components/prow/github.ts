import * as pulumi from "@pulumi/pulumi";
import { PersistentVolumeClaim } from "../../blocks/kubernetes/persistentVolumeClaim.ts";
import { anywhere, pods } from "../../blocks/kubernetes/networkPolicy.ts";
import { soon, tcp } from "../../blocks/kubernetes/probe.ts";
import { scratch } from "../../blocks/kubernetes/volume.ts";
import { all, flags, github, githubUser, hmac, plugins } from "./flags.ts";
import { trees } from "./files/base/trees.ts";
import { type ProwContext, onWorkers, tolerates, traffic } from "./context.ts";
import { named } from "./names.ts";
import { cacheSize } from "./sizes.ts";
import { clones, ProwComponent } from "./component.ts";

/** Label `app` of the programs whose `--github-endpoint` is the cache. */
const askers = [
  ...["branchprotector", "cherrypicker", "crier", "deck", "hook", "label-sync", "needs-rebase", "prow-rehearse"],
  ...["release-blocker", "statusreconciler", "tide"],
];
const fromHook = pods({ app: "hook" }, [8888]);

/** The cache of GitHub's API, and the external plugins that hook forwards events to. */
export class Github extends pulumi.ComponentResource {
  constructor(name: string, context: ProwContext, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:prow:Github", name, {}, opts);
    this.cache(name, context);
    new ProwComponent(
      `${name}-needs-rebase`,
      {
        context,
        name: "needs-rebase",
        ...all(flags("--dry-run=false"), github(context), hmac(context), plugins(context, "file")),
        graceSeconds: 180,
        ports: { http: 8888 },
        service: { ports: { http: { port: 80, target: 8888 } }, nodePort: true },
        ingress: [fromHook],
        egress: traffic.web,
      },
      { parent: this },
    );
    new ProwComponent(
      `${name}-cherrypicker`,
      {
        context,
        name: "cherrypicker",
        // Forks belong to a user, so an app cannot push to them.
        ...all(flags("--dry-run=false"), githubUser(context), hmac(context)),
        scratch: clones,
        graceSeconds: 180,
        nodeSelector: onWorkers,
        ports: { http: 8888 },
        service: { ports: { http: { port: 80, target: 8888 } } },
        ingress: [fromHook],
        egress: traffic.web,
      },
      { parent: this },
    );
    this.ownPlugins(name, context);
    this.registerOutputs({});
  }

  /** ghproxy; a single pod, because its volume takes one writer. */
  private cache(name: string, context: ProwContext): void {
    const { namespace, settings } = context;
    const claim = new PersistentVolumeClaim(
      `${name}-ghproxy`,
      {
        namespace,
        name: named(settings, "ghproxy"),
        labels: { app: "ghproxy" },
        size: settings.ghproxy.size,
        ...(settings.ghproxy.storageClass === undefined ? {} : { storageClass: settings.ghproxy.storageClass }),
        ...(settings.ghproxy.accessMode === undefined ? {} : { accessModes: [settings.ghproxy.accessMode] }),
        retention: { protect: settings.protect, retainOnDelete: settings.retainOnDelete },
      },
      { parent: this },
    );
    new ProwComponent(
      `${name}-ghproxy`,
      {
        context,
        name: "ghproxy",
        args: [
          "--cache-dir=/cache",
          `--cache-sizeGB=${cacheSize(settings.ghproxy.size)}`,
          `--push-gateway=${named(settings, "pushgateway")}`,
          "--serve-metrics=true",
        ],
        mounts: { "/cache": claim.mount({ volume: "cache" }) },
        strategy: "Recreate",
        nodeSelector: { dedicated: "ghproxy" },
        tolerations: [tolerates("dedicated", "ghproxy")],
        ports: { http: 8888, metrics: 9090 },
        service: { ports: { main: { port: 80, target: 8888 }, metrics: { port: 9090 } } },
        // Jobs call GitHub through the cache too: peribolos, the label check.
        ingress: [
          ...askers.map((app) => pods({ app }, [8888])),
          pods({}, [8888], settings.namespaces.jobs),
          traffic.metrics,
        ],
        egress: [anywhere(443), traffic.pushgateway],
      },
      { parent: this },
    );
  }

  /** KubeVirt's plugins. They lack upstream's health port, so their probes are TCP. */
  private ownPlugins(name: string, context: ProwContext): void {
    const { settings, accounts } = context;
    const tree = trees[settings.configuration.tree];
    new ProwComponent(
      `${name}-release-blocker`,
      {
        context,
        name: "release-blocker",
        ...all(flags("--dry-run=false"), github(context), hmac(context)),
        scratch: clones,
        graceSeconds: 180,
        nodeSelector: onWorkers,
        ports: { http: 8888 },
        probes: { readiness: tcp("http", soon) },
        service: { ports: { http: { port: 80, target: 8888 } } },
        ingress: [fromHook],
        egress: traffic.web,
      },
      { parent: this },
    );
    const inputs = all(
      flags("--dry-run=false", `--jobs-namespace=${settings.namespaces.jobs}`),
      github(context),
      flags(
        "--cache-dir=/var/run/cache",
        `--jobs-config-base=${tree.jobs}`,
        `--prow-config-path=${tree.config}`,
        "--always-run=false",
      ),
      hmac(context),
    );
    new ProwComponent(
      `${name}-rehearse`,
      {
        context,
        name: "rehearse",
        app: "prow-rehearse",
        account: accounts.of("prow-rehearse"),
        ...inputs,
        mounts: { ...inputs.mounts, "/var/run/cache": scratch({ volume: "cache" }) },
        scratch: clones,
        graceSeconds: 180,
        nodeSelector: onWorkers,
        ports: { http: 9900 },
        probes: { readiness: tcp("http", soon) },
        service: { name: "prow-rehearse", ports: { http: { port: 9900 } } },
        ingress: [pods({ app: "hook" }, [9900])],
        egress: [...traffic.web, traffic.api(settings)],
      },
      { parent: this },
    );
  }
}
