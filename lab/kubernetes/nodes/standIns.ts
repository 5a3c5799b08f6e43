/** Which containers of a cluster with real nodes are stand-ins. */
import type { Health } from "../../component.ts";
import { answerFor, answers } from "../../images/catalogue.ts";
import { Upstream, upstreamFolder } from "../../images/upstream.ts";
import type { LabSettings } from "../../settings.ts";
import { kubeApi, type KubeObject } from "../api.ts";
import { locate } from "./imageStreams.ts";
import { asksUpstream, realNodes } from "./plan.ts";

interface Pod extends KubeObject {
  readonly spec: {
    readonly containers: readonly { readonly image: string }[];
    readonly initContainers?: readonly { readonly image: string }[];
  };
}

/** A row with the number of containers and the names of the images; none without real nodes or without stand-ins. */
export async function standInHealth(lab: LabSettings): Promise<Health[]> {
  if (realNodes(lab).length === 0) return [];
  const pods = await kubeApi(lab)
    .list<Pod>("/api/v1/pods")
    .catch(() => []);
  const images = pods.flatMap(({ spec }) =>
    [...(spec.initContainers ?? []), ...spec.containers].map(({ image }) => image),
  );
  const all = answers();
  const upstream = new Upstream(upstreamFolder, () => undefined);
  const named = new Map<string, number>();
  for (const image of images) {
    const answer = answerFor(image, all);
    const { registry, repository, version } = locate(image.replace("@sha256:", ":sha256-"));
    if (asksUpstream(lab) && upstream.image(registry, repository, version) !== undefined) continue;
    if (answer === undefined || answer.recipe !== undefined) continue;
    const name = answer.names.images?.[0] ?? "";
    named.set(name, (named.get(name) ?? 0) + 1);
  }
  if (named.size === 0) return [];
  const count = [...named.values()].reduce((sum, one) => sum + one, 0);
  const list = [...named].sort().map(([name, times]) => (times === 1 ? name : `${name} (${times})`));
  return [{ name: "stand-ins", healthy: true, detail: `${count} of ${images.length} containers: ${list.join(", ")}` }];
}
