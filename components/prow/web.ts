import * as pulumi from "@pulumi/pulumi";
import { anywhere, pods, router } from "../../blocks/kubernetes/networkPolicy.ts";
import { http } from "../../blocks/kubernetes/probe.ts";
import type { Service } from "../../blocks/kubernetes/service.ts";
import { all, buildClusters, config, flags, github, graphql, hmac, jobs, plugins } from "./flags.ts";
import { type ProwContext, traffic } from "./context.ts";
import { named } from "./names.ts";
import { aliveAndReady, clones, ProwComponent } from "./component.ts";
import { publish, type Published } from "./publish.ts";

/** What {@link Web} needs. */
export interface WebArgs {
  readonly context: ProwContext;
}

/** One pod more while rolling, one less at most. */
const oneByOne = { maxSurge: 1, maxUnavailable: 1 } as const;

/** What is called from outside: Deck by people, hook by GitHub, gcsweb by both. */
export class Web extends pulumi.ComponentResource {
  readonly deckUrl: string;
  readonly hookUrl: string;
  readonly gcswebUrl: string;
  private readonly args: WebArgs;

  constructor(name: string, args: WebArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:prow:Web", name, {}, opts);
    this.args = args;
    const { context } = args;
    const { hosts, paths } = context.settings;
    const open = (published: Published): string => publish(name, context, published, { parent: this });
    this.deckUrl = open({ base: "deck", service: this.deck(name), port: "main", host: hosts.deck, path: "/" });
    this.hookUrl = open({ base: "hook", service: this.hook(name), port: "main", host: hosts.hook, path: paths.hook });
    this.gcswebUrl = open({
      base: "gcsweb",
      service: this.gcsweb(name),
      port: "http",
      host: hosts.gcsweb,
      path: paths.gcsweb,
    });
    this.registerOutputs({ deckUrl: this.deckUrl, hookUrl: this.hookUrl, gcswebUrl: this.gcswebUrl });
  }

  private deck(name: string): Service | undefined {
    const { context } = this.args;
    const { settings, accounts, credentials } = context;
    const needs = all(
      buildClusters(context),
      flags(
        `--tide-url=http://${named(settings, "tide")}/`,
        `--hook-url=http://${named(settings, "hook")}:8888/plugin-help`,
        "--oauth-url=/github-login",
      ),
      config(context),
      jobs(context),
      flags("--spyglass=true", "--rerun-creates-job"),
      github(context),
      graphql(context),
      flags("--github-oauth-config-file=/etc/githuboauth/secret", "--cookie-secret=/etc/cookie/secret"),
      plugins(context, "flag"),
    );
    return new ProwComponent(
      `${name}-deck`,
      {
        context,
        name: "deck",
        account: accounts.of("deck"),
        ...needs,
        mounts: {
          ...needs.mounts,
          "/etc/githuboauth": credentials.oauthConfig.mount({ volume: "oauth-config" }),
          "/etc/cookie": credentials.cookie.mount({ volume: "cookie-secret" }),
        },
        scratch: clones,
        replicas: settings.replicas.deck,
        strategy: oneByOne,
        resources: { cpu: "1", memory: "2Gi" },
        ports: { http: 8080, metrics: 9090 },
        probes: aliveAndReady,
        service: { ports: { main: { port: 80, target: 8080 }, metrics: { port: 9090 } }, nodePort: true },
        from: [router(context.namespace.cluster, 8080), traffic.metrics],
        to: [
          ...traffic.web,
          traffic.api(settings, true),
          traffic.figures,
          pods({ app: "tide" }, [8888]),
          pods({ app: "hook" }, [8888]),
        ],
      },
      { parent: this },
    ).service;
  }

  private hook(name: string): Service | undefined {
    const { context } = this.args;
    const { settings, accounts, configMaps } = context;
    const needs = all(
      flags("--dry-run=false", `--webhook-path=${settings.paths.hook}`),
      github(context),
      config(context),
      jobs(context),
      plugins(context, "flag"),
      buildClusters(context),
      hmac(context),
    );
    return new ProwComponent(
      `${name}-hook`,
      {
        context,
        name: "hook",
        account: accounts.of("hook"),
        ...needs,
        mounts: {
          ...needs.mounts,
          "/etc/cat-api": configMaps.mount("cat-api-key"),
        },
        scratch: clones,
        replicas: settings.replicas.hook,
        strategy: oneByOne,
        graceSeconds: 180,
        ports: { http: 8888, metrics: 9090 },
        probes: aliveAndReady,
        service: { ports: { main: { port: 8888 }, metrics: { port: 9090 } }, nodePort: true },
        from: [router(context.namespace.cluster, 8888), pods({ app: "deck" }, [8888]), traffic.metrics],
        to: [
          ...traffic.web,
          traffic.api(settings, true),
          traffic.figures,
          pods({ app: "needs-rebase" }, [8888]),
          pods({ app: "cherrypicker" }, [8888]),
          pods({ app: "release-blocker" }, [8888]),
          pods({ app: "prow-rehearse" }, [9900]),
        ],
      },
      { parent: this },
    ).service;
  }

  private gcsweb(name: string): Service | undefined {
    const { context } = this.args;
    const { settings } = context;
    const probe = http("/healthz", 8080, { delay: 3, timeout: 2, failures: 2 });
    return new ProwComponent(
      `${name}-gcsweb`,
      {
        context,
        name: "gcsweb",
        args: ["-upgrade-proxied-http-to-https", `-b=${settings.bucket}`, "-p=8080"],
        replicas: settings.replicas.gcsweb,
        strategy: oneByOne,
        ports: { http: 8080 },
        probes: { readiness: probe, liveness: probe },
        resources: { cpu: "0.1", memory: "128Mi" },
        service: { ports: { http: { port: 80, target: 8080 } }, nodePort: true },
        from: [router(context.namespace.cluster, 8080)],
        to: [anywhere(443)],
      },
      { parent: this },
    ).service;
  }
}
