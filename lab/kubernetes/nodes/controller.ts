/**
 * The program of a lab with real nodes that serves images, makes volumes, enforces NetworkPolicies, feeds the router, measures
 * pods and plays OpenShift's controllers.
 */
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { imageFolders } from "../../images/build.ts";
import { registryServer } from "../../images/registry.ts";
import { Upstream, upstreamFolder } from "../../images/upstream.ts";
import { labSettings } from "../../settings.ts";
import { kubeApi, type KubeObject } from "../api.ts";
import { volumesFolder } from "../files.ts";
import { routerPod } from "../router/objects.ts";
import { routeTraffic } from "../router/router.ts";
import { rollOutConfigs } from "./deploymentConfigs/reconcile.ts";
import { coalesced, follow } from "./follow.ts";
import { answerImports } from "./imageImports.ts";
import { importImages, StreamLayouts } from "./imageStreams.ts";
import { triggerImages } from "./imageTriggers.ts";
import { assignUsers } from "./projects.ts";
import { serveMetrics } from "./metrics/serve.ts";
import { type NetworkPolicy, type Pod, ruleset } from "./policy.ts";
import { type Claim, provision, type StorageClass, type Volume } from "./provisioner.ts";
import { asksUpstream, foreignImages, nodeNetwork, realNodes } from "./plan.ts";

const lab = labSettings();
const api = kubeApi(lab);
const nodes = realNodes(lab);

// The choice can be made while this runs.
const upstream = new Upstream(upstreamFolder, (line) => {
  console.error(`upstream's image cannot be had: ${line}`);
});
const ownImages = imageFolders();
const layouts = new StreamLayouts(
  // What a demonstration offers takes the place of a stand-in.
  () => [...foreignImages(lab), ...ownImages],
  () => (asksUpstream(lab) ? upstream : undefined),
);

serveImages();
importImages(api, layouts);
triggerImages(api);
rollOutConfigs(api);
assignUsers(api);
enforcePolicies();
makeVolumes();
routeTraffic(lab, api);
await serveMetrics(lab, api);
await answerImports(
  lab,
  api,
  (registry, repository, version) => layouts.manifest(registry, repository, version)?.digest,
  (registry, repository, version) => layouts.fetch(registry, repository, version),
);

function serveImages(): void {
  const server = registryServer(layouts);
  server.on("error", (error) => {
    console.error(`the registry cannot listen: ${error.message}`);
    process.exit(1);
  });
  server.listen(lab.ports.registry, "127.0.0.1");
}

/** Many changes come together: 50 ms between two rewrites. */
function enforcePolicies(): void {
  const inForce = new Map<string, string>();
  const changed = coalesced("NetworkPolicies", 50, async () => {
    const inputs = { pods: pods.objects(), namespaces: namespaces.objects(), policies: policies.objects() };
    if (inputs.pods === undefined || inputs.namespaces === undefined || inputs.policies === undefined) return;
    const known = {
      pods: [...inputs.pods, routerPod(nodeNetwork(lab).ingress)],
      namespaces: inputs.namespaces,
      policies: inputs.policies,
      apiPort: lab.ports.kubernetes,
    };
    for (const { name, netns } of nodes) {
      const rules = ruleset(known, name);
      if (inForce.get(name) === rules) continue;
      const nft = promisify(execFile)("nsenter", [`--net=/run/netns/${netns}`, "nft", "-f", "-"]);
      nft.child.stdin?.end(rules);
      await nft;
      inForce.set(name, rules);
    }
  });
  const pods = follow<Pod>(api, "/api/v1/pods", changed);
  const namespaces = follow<KubeObject>(api, "/api/v1/namespaces", changed);
  const policies = follow<NetworkPolicy>(api, "/apis/networking.k8s.io/v1/networkpolicies", changed);
}

function makeVolumes(): void {
  const changed = coalesced("volumes", 100, async () => {
    const inputs = { claims: claims.objects(), volumes: volumes.objects(), classes: classes.objects() };
    if (inputs.claims === undefined || inputs.volumes === undefined || inputs.classes === undefined) return;
    const known = { claims: inputs.claims, volumes: inputs.volumes, classes: inputs.classes };
    await provision(api, path.resolve(volumesFolder(lab)), known);
  });
  const claims = follow<Claim>(api, "/api/v1/persistentvolumeclaims", changed);
  const volumes = follow<Volume>(api, "/api/v1/persistentvolumes", changed);
  const classes = follow<StorageClass>(api, "/apis/storage.k8s.io/v1/storageclasses", changed);
}
