/** Gives OpenShift's namespaces their ranges of user ids; see ../projects.ts. */
import { type KubeApi, type KubeObject, pathOf } from "../api.ts";
import { freeRange, groupRange, openshiftMark, uidRange } from "../projects.ts";
import { coalesced, follow } from "./follow.ts";

/** Follows the cluster's namespaces for ever. */
export function assignUsers(api: KubeApi): void {
  const selector = Object.entries(openshiftMark).map(([key, value]) => `${key}=${value}`);
  const changed = coalesced("users of namespaces", 50, async () => {
    const found = namespaces.objects() ?? [];
    const ranges = found.map(({ metadata }) => metadata.annotations?.[uidRange]);
    for (const namespace of found.filter(({ metadata }) => metadata.annotations?.[uidRange] === undefined)) {
      const range = freeRange(ranges);
      ranges.push(range);
      await api.patch(pathOf(namespace), { metadata: { annotations: { [uidRange]: range, [groupRange]: range } } });
    }
  });
  const namespaces = follow<KubeObject>(
    api,
    `/api/v1/namespaces?labelSelector=${encodeURIComponent(selector.join(","))}`,
    changed,
  );
}
