import * as pulumi from "@pulumi/pulumi";
import { Deployment } from "../../blocks/kubernetes/deployment.ts";
import { PublicEndpoint } from "../../blocks/kubernetes/publicEndpoint.ts";
import { anywhere, dns, NetworkPolicy, router } from "../../blocks/kubernetes/networkPolicy.ts";
import { tcp } from "../../blocks/kubernetes/probe.ts";
import { Service } from "../../blocks/kubernetes/service.ts";
import { anyUser, appLabels, between, type PackitContext, imageOf, writesAtStart } from "./context.ts";
import { projectName } from "./names.ts";
import type { CommonSecrets } from "./sharedSecrets.ts";

/** What most parts need. */
export interface PartArgs {
  readonly context: PackitContext;
  readonly secrets: CommonSecrets;
}

const port = 8443;

/** The web service: takes webhooks of GitHub, GitLab and the Testing Farm, and answers the dashboard. */
export class Web extends pulumi.ComponentResource {
  /** Public address of the API. */
  readonly url: string;

  constructor(name: string, { context, secrets }: PartArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:Web", name, {}, opts);
    const { namespace, settings } = context;
    const part = "packit-service";
    const labels = appLabels(part);
    const image = imageOf(context, "service");
    const exceptions = { ...image.exceptions, ...writesAtStart };
    const stores = { ...secrets.queues(), ...secrets.database() };
    const environment = {
      PROJECT: projectName(context.service, settings.deployment),
      DEPLOYMENT: settings.deployment,
      ...secrets.distgit(),
      ...stores,
      ...secrets.sentry(),
    };
    const web = new Deployment(
      name,
      {
        namespace,
        name: part,
        labels,
        strategy: "Recreate",
        runAs: anyUser,
        initContainers: [
          {
            // Before the server, whose own run gives up after 14 seconds; with every pod, as images come in by themselves.
            name: "migrations",
            ...image,
            command: ["sh", "-c", "exec $(command -v alembic-3 || command -v alembic) upgrade head"],
            env: stores,
            resources: { cpu: ["50m", "500m"], memory: settings.web.migrationMemory },
            exceptions,
          },
        ],
        containers: [
          {
            name: part,
            ...image,
            command: ["/usr/bin/run_httpd.sh"],
            env: environment,
            ports: { "prod-packit": port },
            mounts: secrets.webMounts(),
            resources: { cpu: ["50m", "200m"], memory: ["320Mi", settings.web.memory] },
            exceptions,
            // A GET would have to name the public host, or Flask answers 404.
            probes: {
              // Its start script runs the migrations once more, which with this processor may take minutes.
              startup: tcp(port, { delay: 10, failures: 60 }),
              readiness: tcp(port),
              liveness: tcp(port, { failures: 6 }),
            },
          },
        ],
      },
      { parent: this },
    );
    const service = new Service(
      name,
      { namespace, name: part, labels, of: web, ports: { "prod-packit": { port: 443, target: port } } },
      { parent: this },
    );
    this.url = exposeTls(name, context, service, "prod-packit", settings.hosts.service, this);
    new NetworkPolicy(
      name,
      {
        namespace,
        name: part,
        pods: labels,
        from: [router(namespace.cluster, port)],
        to: [dns(), anywhere(443), ...databases(context), ...(settings.parts.tokman ? between(["tokman"], 8000) : [])],
      },
      { parent: this },
    );
    this.registerOutputs({ url: this.url });
  }
}

/** A Route whose TLS ends in the pod, and which sends plain HTTP there. */
export function exposeTls(
  name: string,
  { namespace }: PackitContext,
  service: Service,
  port: string,
  host: string | undefined,
  parent: pulumi.Resource,
): string {
  return new PublicEndpoint(
    name,
    {
      namespace,
      name: service.name,
      service,
      port,
      ...(host === undefined ? {} : { host }),
      tls: { termination: "passthrough", insecure: "Redirect" },
    },
    { parent },
  ).url;
}

/** What reads and writes tasks must reach. */
export function databases({ settings }: PackitContext) {
  const versions = [settings.postgres.version, ...settings.postgres.beside];
  return [
    ...between(
      versions.map((version) => `postgres-${version}`),
      5432,
    ),
    ...between([settings.keyValue.kind], 6379),
  ];
}
