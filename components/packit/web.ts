import * as pulumi from "@pulumi/pulumi";
import { Deployment } from "../../blocks/kubernetes/deployment.ts";
import { anywhere, dns, NetworkPolicy, router } from "../../blocks/kubernetes/networkPolicy.ts";
import { soon, tcp } from "../../blocks/kubernetes/probe.ts";
import { Service } from "../../blocks/kubernetes/service.ts";
import { anyUser, appLabels, databases, imageOf, type PackitContext, podsOf, writesAtStart } from "./context.ts";
import { exposeTls } from "./component.ts";
import { projectName } from "./names.ts";

const port = 8443;

/** The web service: takes webhooks of GitHub, GitLab and the Testing Farm, and answers the dashboard. */
export class Web extends pulumi.ComponentResource {
  /** Public address of the API. */
  readonly url: string;

  constructor(name: string, context: PackitContext, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:Web", name, {}, opts);
    const { namespace, settings, secrets } = context;
    const workload = "packit-service";
    const labels = appLabels(workload);
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
        name: workload,
        labels,
        strategy: "Recreate",
        runAs: anyUser,
        initContainers: [
          {
            // Before the server, which gives up on its own migration after 14 seconds; in every pod, because new images arrive automatically.
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
            name: workload,
            ...image,
            command: ["/usr/bin/run_httpd.sh"],
            env: environment,
            ports: { "prod-packit": port },
            mounts: secrets.webMounts(),
            resources: { cpu: ["50m", "200m"], memory: ["320Mi", settings.web.memory] },
            exceptions,
            // A GET would have to name the public host, or Flask answers 404.
            probes: {
              // Its start script runs the migrations again, which may take minutes with this processor limit.
              startup: tcp(port, { period: 5, failures: 122 }),
              readiness: tcp(port, soon),
              liveness: tcp(port, { failures: 6 }),
            },
          },
        ],
      },
      { parent: this },
    );
    const service = new Service(
      name,
      { namespace, name: workload, labels, of: web, ports: { "prod-packit": { port: 443, target: port } } },
      { parent: this },
    );
    const endpoint = { context, service, port: "prod-packit", host: settings.hosts.service };
    this.url = exposeTls(name, endpoint, { parent: this });
    new NetworkPolicy(
      name,
      {
        namespace,
        name: workload,
        pods: labels,
        ingress: [router(namespace.cluster, port)],
        egress: [
          dns(),
          anywhere(443),
          ...databases(context),
          ...(settings.parts.tokman ? podsOf(["tokman"], 8000) : []),
        ],
      },
      { parent: this },
    );
    this.registerOutputs({ url: this.url });
  }
}
