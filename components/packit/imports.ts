import * as pulumi from "@pulumi/pulumi";
import { CronJob } from "../../blocks/kubernetes/cronJob.ts";
import { RoleBinding } from "../../blocks/kubernetes/roleBinding.ts";
import { ImageStream } from "../../blocks/kubernetes/imageStream.ts";
import { apiServer, dns, NetworkPolicy } from "../../blocks/kubernetes/networkPolicy.ts";
import { ServiceAccount } from "../../blocks/kubernetes/serviceAccount.ts";
import { anyUser, type PackitContext, imageOf } from "./context.ts";
import { imageAnnotation, sourceImage, streams } from "./images.ts";
import { expectedWorkloads, streamedImages } from "./inventory.ts";

/** OpenShift's ImageStreams, and the job that imports new images and restarts their workloads. */
export class Imports extends pulumi.ComponentResource {
  constructor(name: string, context: PackitContext, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:Imports", name, {}, opts);
    const { namespace, settings, service } = context;
    for (const image of streamedImages(settings)) {
      const stream = streams[image];
      const from = sourceImage(service, settings, image);
      // OpenShift takes schedules for tags only; a digest never changes anyway.
      const tag = { from, scheduled: settings.imports.scheduled && settings.images[image]?.digest === undefined };
      new ImageStream(
        `${name}-${stream}`,
        { namespace, name: stream, labels: { app: "packit", name: stream }, tags: { [settings.deployment]: tag } },
        { parent: this },
      );
    }
    // Elsewhere there are no ImageStreams; pods pull from the registry when they start.
    if (namespace.cluster.platform === "openshift" && settings.imports.schedule !== undefined) {
      this.job(`${name}-job`, context, settings.imports.schedule);
    }
    this.registerOutputs({});
  }

  private job(name: string, context: PackitContext, schedule: string): void {
    const { namespace, settings } = context;
    const labels = { app: "import-images" };
    const account = new ServiceAccount(
      name,
      { namespace, name: "importimager", labels, mountsToken: true },
      { parent: this },
    );
    new RoleBinding(
      name,
      { namespace, name: "importimager", rules: importRules(context), subjects: [account] },
      { parent: this },
    );
    new CronJob(
      name,
      {
        namespace,
        name: "import-images",
        labels,
        schedule,
        suspend: settings.suspendCronJobs,
        serviceAccount: account,
        deadlineSeconds: 1800,
        restart: "OnFailure",
        runAs: anyUser,
        containers: [
          {
            name: "import-images",
            ...imageOf(context, "importImages"),
            command: ["bash", "-c", importScript(context)],
            env: { DEPLOYMENT: settings.deployment, NAMESPACE: namespace.plainName, HOME: "/tmp" },
            // A call of today's oc alone takes as much as the seed gave the whole job.
            resources: { cpu: "100m", memory: ["80Mi", "256Mi"] },
          },
        ],
      },
      { parent: this },
    );
    new NetworkPolicy(
      name,
      { namespace, name: "import-images", pods: labels, egress: [dns(), apiServer()] },
      { parent: this },
    );
  }
}

/** Permissions of the job: import into the service's streams and annotate their workloads. */
function importRules({ settings }: PackitContext) {
  const own = expectedWorkloads(settings).filter(({ image }) => image !== undefined);
  const named = (kind: "Deployment" | "StatefulSet"): string[] =>
    own.filter((one) => one.kind === kind).map((one) => one.name);
  const images = streamedImages(settings).map((image) => streams[image]);
  return [
    {
      apiGroups: ["image.openshift.io"],
      resources: ["imagestreams"],
      resourceNames: images,
      verbs: ["get", "update"],
    },
    { apiGroups: ["image.openshift.io"], resources: ["imagestreamimports"], verbs: ["create"] },
    { apiGroups: ["apps"], resources: ["deployments"], resourceNames: named("Deployment"), verbs: ["get", "patch"] },
    { apiGroups: ["apps"], resources: ["statefulsets"], resourceNames: named("StatefulSet"), verbs: ["get", "patch"] },
  ];
}

/** A failed import does not block the others; an unchanged digest changes nothing. */
function importScript({ settings }: Pick<PackitContext, "settings">): string {
  const lines = streamedImages(settings).map((image) => {
    const users = expectedWorkloads(settings).filter((one) => one.image === image);
    return `follow ${streams[image]} ${users.map(({ kind, name }) => `${kind.toLowerCase()}/${name}`).join(" ")}`;
  });
  return `set -u
failed=0
follow() {
  stream=$1
  shift
  oc import-image "is/$stream:$DEPLOYMENT" -n "$NAMESPACE" >/dev/null || { failed=1; return; }
  digest=$(oc get imagestream "$stream" -n "$NAMESPACE" \\
    -o "jsonpath={.status.tags[?(@.tag==\\"$DEPLOYMENT\\")].items[0].image}")
  case $digest in sha256:*) ;; *) echo "$stream:$DEPLOYMENT has no image" >&2; failed=1; return ;; esac
  for workload in "$@"; do
    oc patch "$workload" -n "$NAMESPACE" --type merge \\
      -p "{\\"spec\\":{\\"template\\":{\\"metadata\\":{\\"annotations\\":{\\"${imageAnnotation}\\":\\"$digest\\"}}}}}" || failed=1
  done
}
${lines.join("\n")}
exit $failed
`;
}
