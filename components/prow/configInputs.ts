import type { ProwSettings } from "./settings.ts";
import type { ConfigInputs } from "./files/inputs.ts";
import { trees } from "./files/base/trees.ts";
import { named } from "./names.ts";
import { resolveImages } from "./images.ts";

/** What Prow's own configuration files say about the environment that they are for. */
export function configInputs(settings: ProwSettings): ConfigInputs {
  const { namespaces, bucket, hosts, paths, jobSecrets } = settings;
  const { clonerefs, entrypoint, initupload, sidecar } = resolveImages(settings.images);
  const service = (name: string): string => named(settings, name);
  return {
    settings: settings.configuration,
    prowNamespace: namespaces.prow,
    jobsNamespace: namespaces.jobs,
    bucket,
    deckUrl: `https://${hosts.deck}`,
    gcswebUrl: `https://${hosts.gcsweb}${paths.gcsweb === "/" ? "" : paths.gcsweb}`,
    sharedImages: `/var/lib/stdci/shared/kubevirt-images/${namespaces.prow}`,
    services: {
      pushgateway: service("pushgateway"),
      "needs-rebase": service("needs-rebase"),
      cherrypicker: service("cherrypicker"),
      "release-blocker": service("release-blocker"),
      rehearse: `${service("prow-rehearse")}:9900`,
      "docker-mirror": `${service("docker-mirror")}.${namespaces.prow}.svc:5000`,
      "docker-mirror-proxy": `${service("docker-mirror-proxy")}.${namespaces.prow}.svc:3128`,
      "bazel-cache": `${service("bazel-cache")}.${namespaces.prow}.svc:8080`,
    },
    configMapName: (key) => named(settings, key),
    objectName: (base) => named(settings, base),
    jobSecrets: [
      ...["gcs", "oauth-token", "github-token", ...jobSecrets].map((name) => named(settings, name)),
      trees[settings.configuration.tree].gcsCredentials,
    ],
    gcsCredentialsSecret: named(settings, "gcs"),
    utilityImages: { clonerefs, entrypoint, initupload, sidecar },
  };
}
