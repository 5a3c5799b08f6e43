import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../blocks/kubernetes/cluster.ts";
import { CronJob } from "../../blocks/kubernetes/cronJob.ts";
import { Namespace } from "../../blocks/kubernetes/namespace.ts";
import { anywhere, dns, NetworkPolicy } from "../../blocks/kubernetes/networkPolicy.ts";
import { existingNamespace } from "../../blocks/kubernetes/metadata.ts";
import { ServiceSecret } from "../../blocks/kubernetes/secret.ts";
import type { PackitSecrets } from "./config.ts";
import type { PackitSettings } from "./settings.ts";
import { anyUser, retention } from "./context.ts";
import { podImage } from "./images.ts";
import type { ServiceName } from "./names.ts";

/** What {@link Validation} needs. */
export interface ValidationArgs {
  readonly service: ServiceName;
  readonly settings: PackitSettings;
  readonly validation: NonNullable<PackitSettings["validation"]>;
  readonly secrets: PackitSecrets;
  /** Another cluster than the service's, so that it also notices when that one is away. */
  readonly cluster: Cluster;
}

/** Every night: pull requests on GitHub, as users make them, against the running service; failures go to Sentry. */
export class Validation extends pulumi.ComponentResource {
  constructor(name: string, args: ValidationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:Validation", name, {}, opts);
    const { service, settings, validation, secrets, cluster } = args;
    const { name: project, create } = validation.namespace;
    const namespace = create
      ? new Namespace(name, { cluster, name: project, ...retention(settings) }, { parent: this })
      : existingNamespace(cluster, project);
    const secret = <Key extends string>(secretName: string, values: Record<Key, pulumi.Output<string>>) =>
      new ServiceSecret<Key>(`${name}-${secretName}`, { namespace, name: secretName, values }, { parent: this });
    const github = secret("github-token", { token: secrets.validationGithubToken });
    const sentry = secret("packit-sentry", { sentry: secrets.validationSentryDsn });
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
              // Its own words, so that nobody deploys the wrong thing by them.
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
      { namespace, name: "run-validation", pods: labels, to: [dns(), anywhere(443)] },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
