import * as pulumi from "@pulumi/pulumi";
import { Exposure } from "../kubernetes/exposure.ts";
import { anywhere, pods, router } from "../kubernetes/networkPolicy.ts";
import { http } from "../kubernetes/probe.ts";
import type { Service } from "../kubernetes/service.ts";
import { all, buildClusters, config, flags, github, graphql, hmac, jobs, plugins, slack } from "./flags.ts";
import { type Ground, named, traffic } from "./ground.ts";
import { aliveAndReady, Part } from "./part.ts";

/** What {@link Web} needs. */
export interface WebArgs {
  readonly ground: Ground;
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
    const { hosts, paths } = args.ground.settings;
    this.deckUrl = this.publish(name, "deck", this.deck(name), "main", { host: hosts.deck, path: "/" });
    this.hookUrl = this.publish(name, "hook", this.hook(name), "main", { host: hosts.hook, path: paths.hook });
    this.gcswebUrl = this.publish(name, "gcsweb", this.gcsweb(name), "http", {
      host: hosts.gcsweb,
      path: paths.gcsweb,
    });
    this.registerOutputs({ deckUrl: this.deckUrl, hookUrl: this.hookUrl, gcswebUrl: this.gcswebUrl });
  }

  private deck(name: string): Service | undefined {
    const { ground } = this.args;
    const { settings, accounts, credentials } = ground;
    const needs = all(
      buildClusters(ground),
      flags(
        `--tide-url=http://${named(settings, "tide")}/`,
        `--hook-url=http://${named(settings, "hook")}:8888/plugin-help`,
        "--oauth-url=/github-login",
      ),
      config(ground),
      jobs(ground),
      flags("--spyglass=true", "--rerun-creates-job"),
      github(ground),
      graphql(ground),
      flags("--github-oauth-config-file=/etc/githuboauth/secret", "--cookie-secret=/etc/cookie/secret"),
      plugins(ground, "flag"),
    );
    return new Part(
      `${name}-deck`,
      {
        ground,
        name: "deck",
        account: accounts.of("deck"),
        ...needs,
        mounts: {
          ...needs.mounts,
          "/etc/githuboauth": credentials.oauthConfig.mount({ volume: "oauth-config" }),
          "/etc/cookie": credentials.cookie.mount({ volume: "cookie-secret" }),
        },
        replicas: settings.replicas.deck,
        strategy: oneByOne,
        resources: { cpu: "1", memory: "2Gi" },
        ports: { http: 8080, metrics: 9090 },
        probes: aliveAndReady,
        service: { ports: { main: { port: 80, target: 8080 }, metrics: { port: 9090 } }, nodePort: true },
        from: [router(ground.place.cluster, 8080), traffic.metrics],
        to: [...traffic.web, traffic.api(settings, true), pods({ app: "tide" }, [8888]), pods({ app: "hook" }, [8888])],
      },
      { parent: this },
    ).service;
  }

  private hook(name: string): Service | undefined {
    const { ground } = this.args;
    const { settings, accounts, credentials, configMaps } = ground;
    const needs = all(
      flags("--dry-run=false", `--webhook-path=${settings.paths.hook}`),
      slack(ground),
      github(ground),
      config(ground),
      jobs(ground),
      plugins(ground, "flag"),
      buildClusters(ground),
      hmac(ground),
    );
    return new Part(
      `${name}-hook`,
      {
        ground,
        name: "hook",
        account: accounts.of("hook"),
        ...needs,
        mounts: {
          ...needs.mounts,
          "/etc/cat-api": configMaps.mount("cat-api-key"),
          ...(credentials.unsplash === undefined
            ? {}
            : { "/etc/unsplash-api": credentials.unsplash.mount({ volume: "unsplash" }) }),
        },
        replicas: settings.replicas.hook,
        strategy: oneByOne,
        graceSeconds: 180,
        ports: { http: 8888, metrics: 9090 },
        probes: aliveAndReady,
        service: { ports: { main: { port: 8888 }, metrics: { port: 9090 } }, nodePort: true },
        from: [router(ground.place.cluster, 8888), pods({ app: "deck" }, [8888]), traffic.metrics],
        to: [
          ...traffic.web,
          traffic.api(settings, true),
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
    const { ground } = this.args;
    const { settings } = ground;
    const probe = http("/healthz", 8080, { delay: 3, timeout: 2, failures: 2 });
    return new Part(
      `${name}-gcsweb`,
      {
        ground,
        name: "gcsweb",
        args: ["-upgrade-proxied-http-to-https", `-b=${settings.bucket}`, "-p=8080"],
        replicas: settings.replicas.gcsweb,
        strategy: oneByOne,
        ports: { http: 8080 },
        probes: { readiness: probe, liveness: probe },
        resources: { cpu: "0.1", memory: "128Mi" },
        service: { ports: { http: { port: 80, target: 8080 } }, nodePort: true },
        from: [router(ground.place.cluster, 8080)],
        to: [anywhere(443)],
      },
      { parent: this },
    ).service;
  }

  /** Its Ingress. What listens on the path itself gets it as it is; a longer way to gcsweb's `/` is cut off. */
  private publish(
    name: string,
    base: "deck" | "hook" | "gcsweb",
    service: Service | undefined,
    port: string,
    { host, path }: { readonly host: string; readonly path: string },
  ): string {
    if (service === undefined) throw new Error(`${base} has no Service`);
    const { place, settings } = this.args.ground;
    const cut = base === "gcsweb" && path !== "/";
    const nginx = "nginx.ingress.kubernetes.io";
    new Exposure(
      `${name}-${base}`,
      {
        place,
        name: named(settings, base),
        labels: { app: base },
        annotations: {
          "kubernetes.io/tls-acme": "true",
          ...(cut ? { [`${nginx}/use-regex`]: "true", [`${nginx}/rewrite-target`]: "/$2" } : {}),
        },
        service,
        port,
        host,
        ...(cut ? { path: `${path}(/|$)(.*)`, pathType: "ImplementationSpecific" } : { path }),
        tls: { termination: "edge", insecure: "Redirect" },
        ...(settings.ingress.class === undefined ? {} : { ingressClass: settings.ingress.class }),
      },
      { parent: this },
    );
    return `https://${host}${path === "/" ? "" : path}`;
  }
}
