import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../blocks/kubernetes/cluster.ts";
import { CronJob } from "../../blocks/kubernetes/cronJob.ts";
import { Namespace } from "../../blocks/kubernetes/namespace.ts";
import { anywhere, dns, NetworkPolicy } from "../../blocks/kubernetes/networkPolicy.ts";
import { existingNamespace } from "../../blocks/kubernetes/metadata.ts";
import { ServiceSecret } from "../../blocks/kubernetes/secret.ts";
import type { PackitSettings } from "./settings.ts";
import { anyUser, type PackitContext, retention } from "./context.ts";
import { podImage } from "./images.ts";

export interface ValidationArgs {
  readonly context: PackitContext;
  readonly validation: NonNullable<PackitSettings["validation"]>;
  /** GitHub token that comments on packit/hello-world. */
  readonly githubToken: pulumi.Output<string>;
  /** Where failures are reported. */
  readonly sentryDsn: pulumi.Output<string>;
  /** Another cluster than the service's, so that it also notices when that one is down. */
  readonly cluster: Cluster;
}

/** Every night: pull requests on GitHub, as users make them, against the running service; failures go to Sentry. */
export class Validation extends pulumi.ComponentResource {
  constructor(name: string, args: ValidationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:Validation", name, {}, opts);
    const { context, validation, cluster } = args;
    const { service, settings } = context;
    const { name: project, create } = validation.namespace;
    const namespace = create
      ? new Namespace(name, { cluster, name: project, retention: retention(settings) }, { parent: this })
      : existingNamespace(cluster, project);
    const secret = <Key extends string>(secretName: string, values: Record<Key, pulumi.Output<string>>) =>
      new ServiceSecret<Key>(`${name}-${secretName}`, { namespace, name: secretName, values }, { parent: this });
    const github = secret("github-token", { token: args.githubToken });
    const sentry = secret("packit-sentry", { sentry: args.sentryDsn });
    const labels = { app: "run-validation" };
    new CronJob(
      name,
      {
        namespace,
        name: "run-validation",
        labels,
        schedule: validation.schedule,
        suspend: settings.suspendCronJobs,
        // The last check of a build may take 20 minutes; the whole run took up to four hours.
        deadlineSeconds: 14_400,
        runAs: anyUser,
        containers: [
          {
            name: "run-validation",
            ...podImage(service, settings, namespace, "validation"),
            env: {
              // The image spells the deployments out.
              DEPLOYMENT: settings.deployment === "prod" ? "production" : "staging",
              GITHUB_TOKEN: github.env("token"),
              SENTRY_SECRET: sentry.env("sentry"),
            },
            resources: { cpu: "100m", memory: ["80Mi", "500Mi"] },
          },
        ],
      },
      { parent: this },
    );
    new NetworkPolicy(
      name,
      { namespace, name: "run-validation", pods: labels, egress: [dns(), anywhere(443)] },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
