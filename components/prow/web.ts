import * as pulumi from "@pulumi/pulumi";
import { anywhere, pods, router } from "../../blocks/kubernetes/networkPolicy.ts";
import { http, soon } from "../../blocks/kubernetes/probe.ts";
import type { Service } from "../../blocks/kubernetes/service.ts";
import { all, buildClusters, config, flags, github, graphql, hmac, jobs, plugins } from "./flags.ts";
import { type ProwContext, traffic } from "./context.ts";
import { named } from "./names.ts";
import { aliveAndReady, clones, ProwComponent } from "./component.ts";
import { publish, type Published } from "./publish.ts";

/** Rolls pods one by one. */
const oneByOne = { maxSurge: 1, maxUnavailable: 1 } as const;

/** Prow's public programs: Deck for people, hook for GitHub, gcsweb for both. */
export class Web extends pulumi.ComponentResource {
  readonly deckUrl: string;
  readonly hookUrl: string;
  readonly gcswebUrl: string;

  constructor(name: string, context: ProwContext, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:prow:Web", name, {}, opts);
    const { hosts, paths } = context.settings;
    const open = (published: Published): string => publish(name, context, published, { parent: this });
    this.deckUrl = open({ base: "deck", service: this.deck(name, context), port: "main", host: hosts.deck, path: "/" });
    this.hookUrl = open({
      base: "hook",
      service: this.hook(name, context),
      port: "main",
      host: hosts.hook,
      path: paths.hook,
    });
    this.gcswebUrl = open({
      base: "gcsweb",
      service: this.gcsweb(name, context),
      port: "http",
      host: hosts.gcsweb,
      path: paths.gcsweb,
    });
    this.registerOutputs({ deckUrl: this.deckUrl, hookUrl: this.hookUrl, gcswebUrl: this.gcswebUrl });
  }

  private deck(name: string, context: ProwContext): Service | undefined {
    const { settings, accounts, credentials } = context;
    const inputs = all(
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
        ...inputs,
        mounts: {
          ...inputs.mounts,
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
        ingress: [router(context.namespace.cluster, 8080), traffic.metrics],
        egress: [
          ...traffic.web,
          traffic.api(settings, true),
          traffic.pushgateway,
          pods({ app: "tide" }, [8888]),
          pods({ app: "hook" }, [8888]),
        ],
      },
      { parent: this },
    ).service;
  }

  private hook(name: string, context: ProwContext): Service | undefined {
    const { settings, accounts, configMaps } = context;
    const inputs = all(
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
        ...inputs,
        mounts: {
          ...inputs.mounts,
          "/etc/cat-api": configMaps.mount("cat-api-key"),
        },
        scratch: clones,
        replicas: settings.replicas.hook,
        strategy: oneByOne,
        graceSeconds: 180,
        ports: { http: 8888, metrics: 9090 },
        probes: aliveAndReady,
        service: { ports: { main: { port: 8888 }, metrics: { port: 9090 } }, nodePort: true },
        ingress: [router(context.namespace.cluster, 8888), pods({ app: "deck" }, [8888]), traffic.metrics],
        egress: [
          ...traffic.web,
          traffic.api(settings, true),
          traffic.pushgateway,
          pods({ app: "needs-rebase" }, [8888]),
          pods({ app: "cherrypicker" }, [8888]),
          pods({ app: "release-blocker" }, [8888]),
          pods({ app: "prow-rehearse" }, [9900]),
        ],
      },
      { parent: this },
    ).service;
  }

  private gcsweb(name: string, context: ProwContext): Service | undefined {
    const { settings } = context;
    return new ProwComponent(
      `${name}-gcsweb`,
      {
        context,
        name: "gcsweb",
        args: ["-upgrade-proxied-http-to-https", `-b=${settings.bucket}`, "-p=8080"],
        replicas: settings.replicas.gcsweb,
        strategy: oneByOne,
        ports: { http: 8080 },
        probes: {
          readiness: http("/healthz", 8080, { ...soon, timeout: 2 }),
          liveness: http("/healthz", 8080, { delay: 3, timeout: 2, failures: 2 }),
        },
        resources: { cpu: "0.1", memory: "128Mi" },
        service: { ports: { http: { port: 80, target: 8080 } }, nodePort: true },
        ingress: [router(context.namespace.cluster, 8080)],
        egress: [anywhere(443)],
      },
      { parent: this },
    ).service;
  }
}
