/** The least that the account which deploys must be allowed in a cluster, as RBAC for an administrator to apply. */
import { requiredPermissions } from "../../../blocks/kubernetes/requiredPermissions.ts";
import type { Permission } from "../../../config/preflight/permissions.ts";
import type { Manifest } from "../../../policy/manifest.ts";

/** A rule of a Role. */
interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** A service account. */
interface Account {
  readonly namespace: string;
  readonly name: string;
}

/** Objects for `kubectl apply`, in order: namespaces, the account, and its permissions. */
export function deployerObjects(declared: readonly Manifest[], account: Account): readonly object[] {
  const made = declared.filter(({ kind }) => kind === "Namespace").map(({ name }) => name);
  const namespaces = [...new Set([account.namespace, ...made])].toSorted();
  // The administrator makes the namespaces.
  const permissions = requiredPermissions(declared).filter(
    ({ verb, resource }) => !(verb === "create" && resource === "namespaces"),
  );
  const places = Map.groupBy(permissions, ({ namespace }) => namespace);
  return [
    ...namespaces.map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: account.name, namespace: account.namespace } },
    ...[...places]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .flatMap(([namespace, here]) =>
        namespace === ""
          ? role("Cluster", { name: `${account.namespace}-${account.name}` }, rulesFor(here), account)
          : role("", { name: account.name, namespace }, rulesFor(here), account),
      ),
  ];
}

function role(
  scope: "Cluster" | "",
  metadata: { readonly name: string; readonly namespace?: string },
  rules: readonly Rule[],
  account: Account,
): readonly object[] {
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const kind = `${scope}Role`;
  return [
    { apiVersion, kind, metadata, rules },
    {
      ...{ apiVersion, kind: `${kind}Binding`, metadata },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name: metadata.name },
      subjects: [{ kind: "ServiceAccount", ...account }],
    },
  ];
}

/** Permissions of one place in as few rules as say them: those of one API group, names and verbs together. */
function rulesFor(permissions: readonly Permission[]): readonly Rule[] {
  const sorted = (values: readonly string[]): readonly string[] => [...new Set(values)].toSorted();
  const objects = Map.groupBy(permissions, ({ resource, name }) => JSON.stringify([resource, name]));
  const single = [...objects.values()].map((all) => {
    const [{ resource, name } = { resource: "" }] = all;
    const [plural = "", ...group] = resource.split(".");
    return { group: group.join("."), plural, name, verbs: sorted(all.map(({ verb }) => verb)) };
  });
  const byNames = Map.groupBy(single, ({ group, plural, name, verbs }) =>
    JSON.stringify([group, plural, name !== undefined, verbs]),
  );
  const named = [...byNames.values()].map((all) => {
    const [{ group, plural, verbs } = { group: "", plural: "", verbs: [] }] = all;
    return { group, plural, verbs, names: sorted(all.flatMap(({ name }) => name ?? [])) };
  });
  const rules = Map.groupBy(named, ({ group, names, verbs }) => JSON.stringify([group, names, verbs]));
  return [...rules.values()]
    .map((all): Rule => {
      const [{ group, names, verbs } = { group: "", names: [], verbs: [] }] = all;
      const resources = sorted(all.map(({ plural }) => plural));
      return { apiGroups: [group], resources, ...(names.length === 0 ? {} : { resourceNames: names }), verbs };
    })
    .toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}

const orderOf = ({ apiGroups, resources, resourceNames = [] }: Rule): string =>
  JSON.stringify([apiGroups, resources[0], resourceNames.length === 0, resources, resourceNames]);
