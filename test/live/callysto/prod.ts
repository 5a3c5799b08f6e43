/** Callysto's prod stack, as committed, on the lab; overridden are sizes and Debian's own security updates. */
import { eventually, lab, openstackApi } from "../cloud.ts";
import { SystemOnLab } from "../system.ts";

const api = openstackApi(lab);
const environments = ["callysto:settings", "environments"];

/** Where clavius' settings are. */
export const clavius = [...environments, "clavius"];

/** @param flavor of the hub. @default one that suffices for its pool of homes */
export function openProd(flavor = "m1.small"): Promise<SystemOnLab> {
  return SystemOnLab.open("callysto", "prod", [
    [[...environments, "hub-prod", "flavor"], flavor],
    [[...environments, "hub-prod", "guest", "securityUpdates"], false],
    [[...clavius, "homedirSize"], 1],
    [[...clavius, "dockerSize"], 1],
    [[...clavius, "guest", "securityUpdates"], false],
  ]);
}

/** Takes away what stands for things that were made by hand, and what the stack leaves in the cloud, too. */
export async function closeProd(system: SystemOnLab): Promise<void> {
  await system.close();
  const volumes = (await api.list("volume", "/volumes")).filter(({ name }) => /\.callysto\.(ca|farm)-/.test(name));
  for (const { id } of volumes) await api.delete("volume", `/volumes/${id}`);
  for (const { id } of await api.list("network", "/floatingips")) await api.delete("network", `/floatingips/${id}`);
  const zones = (await api.list("dns", "/zones")).filter(({ name }) =>
    /^(callysto\.(farm|ca)|orrery\.test)\.$/.test(name),
  );
  for (const { id } of zones) await api.delete("dns", `/zones/${id}`);
  await eventually(
    "the end of what was left",
    async () => [...(await api.list("volume", "/volumes")), ...(await api.list("dns", "/zones"))],
    (left) => !left.some(({ name }) => /callysto\.(ca|farm)|orrery\.test/.test(name)),
  );
}
