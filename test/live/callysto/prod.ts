/** Callysto's prod stack, as committed, on the lab; overridden are sizes and Debian's own security updates. */
import { eventually, lab, openstackApi, type Row } from "../../../lab/harness/cloud.ts";
import { SystemOnLab } from "../../../lab/harness/system.ts";

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

/** Volumes of the hub's homes. */
export async function homes(): Promise<readonly Row[]> {
  return (await api.list("volume", "/volumes/detail")).filter(({ name }) => name.startsWith("hub.callysto.ca-home-"));
}

/** How the hub's machine names the halves of the homes' mirror. */
export async function halves(): Promise<readonly string[]> {
  const used = (await homes()).filter(({ status }) => status === "in-use");
  return used.map(({ id }) => `/dev/disk/by-id/virtio-${id.slice(0, 20)}-part1`).sort();
}

/** The hub's floating IP. */
export async function address(): Promise<Row | undefined> {
  return (await api.list("network", "/floatingips")).find(({ description }) => description === "hub.callysto.ca");
}

/** A zone of the project with these records. @returns its id */
export async function zoneOf(
  domain: string,
  records: Readonly<Record<string, readonly [type: string, value: string]>>,
): Promise<string> {
  const zone = await api.post("dns", "/zones", { name: `${domain}.`, email: "hostmaster@lab.test", ttl: 60 });
  for (const [name, [type, value]] of Object.entries(records))
    await api.post("dns", `/zones/${zone.id}/recordsets`, { name, type, ttl: 60, records: [value] });
  return zone.id;
}

/** Switches the server whose name begins so off or on, and waits until it is in that state. */
export async function power(name: string, action: "os-stop" | "os-start", state: string): Promise<void> {
  const all = await api.list("compute", "/servers");
  const server = `/servers/${all.find((one) => one.name.startsWith(name))?.id ?? ""}`;
  await api.request("compute", `${server}/action`, { method: "POST", body: { [action]: null } });
  const look = (): Promise<Row> => api.get("compute", server);
  await eventually(`${action} of ${name}`, look, ({ status }) => status === state);
}
