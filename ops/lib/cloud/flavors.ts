/** Sizes of a cloud's flavours. */
import type { FlavorSize } from "../../../components/callysto/quota.ts";
import type { CloudApi } from "./openstack.ts";

/** By name; memory in MB. @throws if the cloud does not answer */
export async function flavorSizes(cloud: CloudApi): Promise<Readonly<Record<string, FlavorSize>>> {
  const { flavors } = await cloud.get<{ flavors: { name: string; vcpus: number; ram: number }[] }>(
    "compute",
    "/flavors/detail",
  );
  return Object.fromEntries(flavors.map(({ name, vcpus, ram }) => [name, { cores: vcpus, ram }]));
}
