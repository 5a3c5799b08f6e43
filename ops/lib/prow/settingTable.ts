/** Which settings of Prow declare which fields of what runs. */
import { parse } from "yaml";
import type { ProwSettings } from "../../../components/prow/settings.ts";
import { workloads } from "../../../components/prow/inventory.ts";
import { named } from "../../../components/prow/names.ts";
import { asObject, asText } from "../../../policy/manifest.ts";
import { claimRows, inContainer, replicasRow, resourceRow } from "../adopt/rows.ts";
import { asNumber, type FieldRow, found, type SettingTable } from "../adopt/settingTable.ts";

const web = ["deck", "hook", "gcsweb"] as const;
const claims = { ghproxy: "ghproxy", greenhouse: "greenhouse", "docker-mirror-proxy": "mirrorProxy" } as const;
const cronJobs = ["branch-protector", "label-sync-kubevirt", "label-sync-nmstate"] as const;
const utilities = ["clonerefs", "entrypoint", "initupload", "sidecar"] as const;
/** ConfigMaps that Prow's config-updater may own. */
const updatable = ["config", "plugins", "label-config", "job-config"] as const;

/** The table for a stack's settings. */
export function prowTable(settings: ProwSettings): SettingTable {
  const { prow } = settings.namespaces;
  const object = (kind: string, name: string): string => `${kind} ${prow}/${named(settings, name)}`;
  /** The ConfigMaps that the live updater writes; without maps of the owner's it has maps of its own. */
  const owned = (text: unknown): readonly string[] | undefined => {
    const maps = Object.values(asObject(asObject(yaml(text).config_updater).maps));
    const names = maps.map((one) => asText(asObject(one).name));
    const own = updatable.filter((name) => names.includes(named(settings, name)));
    return maps.length === 0 ? undefined : own;
  };
  return {
    choices: [],
    fields: [
      ...web.flatMap((name): readonly FieldRow[] => [
        { object: object("Ingress", name), field: "spec.rules[0].host", setting: ["hosts", name] },
        { object: object("Ingress", name), field: "spec.ingressClassName", setting: ["ingress", "class"] },
        {
          ...{ object: object("Ingress", name), setting: ["ingress", "class"] },
          field: "metadata.annotations[kubernetes.io/ingress.class]",
        },
        replicasRow(object("Deployment", name), ["replicas", name]),
      ]),
      { object: object("Ingress", "hook"), field: "spec.rules[0].http.paths[0].path", setting: ["paths", "hook"] },
      {
        ...{ object: object("Ingress", "gcsweb"), setting: ["paths", "gcsweb"] },
        field: "spec.rules[0].http.paths[0].path",
        // A pattern of nginx: what follows the prefix is none of it.
        read: (value) => (typeof value === "string" ? value.replace(/(?<=.)\/?\(.*$/, "") : undefined),
      },
      ...Object.entries(claims).flatMap(([name, setting]) =>
        claimRows(object("PersistentVolumeClaim", name), [setting]),
      ),
      {
        ...{ object: object("PersistentVolumeClaim", "greenhouse"), field: "spec.volumeName" },
        setting: ["greenhouse", "volumeName"],
        // A volume that a class made is found without its name.
        read: (value, { spec }) => (asText(asObject(spec).storageClassName) === "" ? value : undefined),
      },
      ...workloads.flatMap((name) =>
        (["cpu", "memory"] as const).map((what) =>
          resourceRow(object("Deployment", name), name, what, ["resources", name, what]),
        ),
      ),
      ...cronJobs.map((name): FieldRow => {
        return { object: object("CronJob", name), field: "spec.suspend", setting: ["suspendCronJobs"] };
      }),
      { object: object("Deployment", "gcsweb"), field: inContainer("gcsweb", "args[-b=]"), setting: ["bucket"] },
      {
        ...{ object: object("Deployment", "hook"), field: inContainer("hook", "args[--github-app-id=]") },
        ...{ setting: ["github", "appId"], read: asNumber },
      },
      ...utilities.map((name): FieldRow => {
        const read = found(new RegExp(`^\\s*"?${name}"?: *"?([^\\s"]+)`, "m"));
        return { object: object("ConfigMap", "config"), field: "data[config.yaml]", setting: ["images", name], read };
      }),
      {
        ...{ object: object("ConfigMap", "plugins"), field: "data[plugins.yaml]" },
        ...{ setting: ["configuration", "updaterOwns"], read: owned },
      },
    ],
  };
}

function yaml(text: unknown): Readonly<Record<string, unknown>> {
  try {
    return typeof text === "string" ? asObject(parse(text)) : {};
  } catch {
    return {};
  }
}
