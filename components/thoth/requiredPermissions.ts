/** What the account that deploys Thoth must be able to make, and where. */
import type { Need } from "../../config/define.ts";
import { type BotsSettings, buildsImages } from "./bots/settings.ts";
import type { DgraphSettings } from "./dgraph/settings.ts";
import type { NodepoolSettings } from "./nodepool/settings.ts";
import type { UltrahookSettings } from "./ultrahook/settings.ts";
import { graphRoles, namespacesOf, type Role, roles } from "./station/roles.ts";
import type { StationSettings } from "./station/settings.ts";

/** The sections that a stack has. */
interface Sections {
  readonly bots?: BotsSettings | undefined;
  readonly ultrahook?: UltrahookSettings | undefined;
  readonly dgraph?: DgraphSettings | undefined;
  readonly station?: StationSettings | undefined;
  readonly nodepool?: NodepoolSettings | undefined;
}

const policies = "networkpolicies.networking.k8s.io";
const templates = "templates.template.openshift.io";
const imageStreams = "imagestreams.image.openshift.io";
const buildConfigs = "buildconfigs.build.openshift.io";
const rbac = ["roles.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io"];
const serving = ["deployments.apps", "services", "serviceaccounts"];
const published = [...serving, "routes.route.openshift.io"];

/** What every namespace of the station has. */
const common = ["configmaps", "secrets", "limitranges", "resourcequotas", policies, ...rbac];
/** And what comes to it by its role. */
const byRole: Readonly<Record<Role, readonly string[]>> = {
  infra: [imageStreams, templates, "serviceaccounts"],
  frontend: [...published, "cronjobs.batch"],
  middletier: [...serving, templates],
  backend: [...serving, templates],
  amunApi: [...published, "cronjobs.batch"],
  amunInspection: [templates],
};

function ofStation(settings: StationSettings): readonly Need[] {
  const { cluster, environment, initialize } = settings;
  const names = namespacesOf(settings);
  return [...new Set(Object.values(names))].map((namespace) => {
    const here = roles.filter((role) => names[role] === namespace);
    const own = here.flatMap((role) => byRole[role]);
    const builds = environment === "test" && here.includes("infra") ? [buildConfigs] : [];
    const job = initialize && here.includes("frontend") ? ["jobs.batch"] : [];
    return { cluster, namespace, makesNamespace: true, resources: [...common, ...own, ...builds, ...job] };
  });
}

function ofDgraph(settings: DgraphSettings, station: StationSettings | undefined): readonly Need[] {
  const { cluster, namespace, mode, clients, createNamespace } = settings;
  const names = station === undefined ? undefined : namespacesOf(station);
  const ofStations = names !== undefined && Object.values(names).includes(namespace);
  const kinds = mode === "ha" ? ["deployments.apps", "poddisruptionbudgets.policy"] : ["persistentvolumeclaims"];
  const servers = ["statefulsets.apps", "services", "serviceaccounts", "secrets", "routes.route.openshift.io"];
  const stations = names === undefined ? [] : graphRoles.map((role) => names[role]);
  return [
    {
      ...{ cluster, namespace, makesNamespace: createNamespace && !ofStations },
      resources: [...servers, ...kinds, imageStreams, policies],
    },
    ...[...new Set([...clients, ...stations])]
      .filter((one) => one !== namespace)
      .map((client) => ({ cluster, namespace: client, makesNamespace: false, resources: ["secrets"] })),
  ];
}

/** Needs of the sections, one a namespace and cluster. */
export function needs({ bots, ultrahook, dgraph, station, nodepool }: Sections): readonly Need[] {
  const all: readonly Need[] = [
    ...(bots === undefined ? [] : [ofBots(bots)]),
    ...(ultrahook === undefined
      ? []
      : [
          {
            ...{
              cluster: ultrahook.cluster,
              namespace: ultrahook.namespace,
              makesNamespace: ultrahook.createNamespace,
            },
            resources: ["deployments.apps", "serviceaccounts", "secrets", policies, imageStreams],
          },
        ]),
    ...(station === undefined ? [] : ofStation(station)),
    ...(dgraph === undefined ? [] : ofDgraph(dgraph, station)),
    ...(nodepool === undefined
      ? []
      : [
          {
            ...{ cluster: nodepool.cluster, namespace: nodepool.namespace, makesNamespace: true },
            resources: ["serviceaccounts", "secrets", policies, imageStreams, buildConfigs, ...rbac],
          },
        ]),
  ];
  const merged = new Map<string, Need>();
  for (const need of all) {
    const key = `${need.cluster} ${need.namespace}`;
    const before = merged.get(key);
    merged.set(key, {
      ...need,
      makesNamespace: need.makesNamespace || before?.makesNamespace === true,
      resources: [...new Set([...(before?.resources ?? []), ...need.resources])],
    });
  }
  return [...merged.values()];
}

function ofBots(settings: BotsSettings): Need {
  const builds = buildsImages(settings) ? [buildConfigs] : [];
  const resources = [...published, "cronjobs.batch", "configmaps", "secrets", policies, imageStreams, ...builds];
  return { cluster: settings.cluster, namespace: settings.namespace, makesNamespace: true, resources };
}
