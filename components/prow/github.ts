import * as pulumi from "@pulumi/pulumi";
import { PersistentVolumeClaim } from "../../blocks/kubernetes/persistentVolumeClaim.ts";
import { anywhere, pods } from "../../blocks/kubernetes/networkPolicy.ts";
import { tcp } from "../../blocks/kubernetes/probe.ts";
import { scratch } from "../../blocks/kubernetes/volume.ts";
import { all, flags, github, githubUser, hmac, plugins } from "./flags.ts";
import { trees } from "./files/base/trees.ts";
import { type ProwContext, onWorkers, tolerates, traffic } from "./context.ts";
import { named } from "./names.ts";
import { cacheSize } from "./sizes.ts";
import { clones, ProwComponent } from "./component.ts";

/** What {@link Github} needs. */
export interface GithubArgs {
  readonly context: ProwContext;
}

const fromHook = pods({ app: "hook" }, [8888]);

/** What stands between Prow and GitHub: the cache of its answers, and the plugins that hook hands events to. */
export class Github extends pulumi.ComponentResource {
  constructor(name: string, args: GithubArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:prow:Github", name, {}, opts);
    const { context } = args;
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
        from: [fromHook],
        to: traffic.web,
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
        from: [fromHook],
        to: traffic.web,
      },
      { parent: this },
    );
    this.ownPlugins(name, context);
    this.registerOutputs({});
  }

  /** ghproxy: it keeps less than its volume holds, and only one of it may use the volume. */
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
        protect: settings.protect,
        retainOnDelete: settings.retainOnDelete,
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
        // Jobs ask GitHub through the cache, too: peribolos, the check of labels.
        from: [pods({}, [8888]), pods({}, [8888], settings.namespaces.jobs), traffic.metrics],
        to: [anywhere(443), traffic.figures],
      },
      { parent: this },
    );
  }

  /** KubeVirt's plugins. They were built without upstream's health port, so only their socket can be asked. */
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
        probes: { readiness: tcp("http") },
        service: { ports: { http: { port: 80, target: 8888 } } },
        from: [fromHook],
        to: traffic.web,
      },
      { parent: this },
    );
    const needs = all(
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
        ...needs,
        mounts: { ...needs.mounts, "/var/run/cache": scratch({ volume: "cache" }) },
        scratch: clones,
        graceSeconds: 180,
        nodeSelector: onWorkers,
        ports: { http: 9900 },
        probes: { readiness: tcp("http") },
        service: { name: "prow-rehearse", ports: { http: { port: 9900 } } },
        from: [pods({ app: "hook" }, [9900])],
        to: [...traffic.web, traffic.api(settings)],
      },
      { parent: this },
    );
  }
}
