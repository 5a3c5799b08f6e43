/** Roles of the station's namespaces; one namespace may have several. */

export const roles = ["infra", "frontend", "middletier", "backend", "amunApi", "amunInspection"] as const;
export type Role = (typeof roles)[number];

/** Namespaces of each environment. */
const namespaces: Readonly<Record<"stage" | "test", Readonly<Record<Role, string>>>> = {
  stage: {
    infra: "thoth-infra-stage",
    frontend: "thoth-frontend-stage",
    middletier: "thoth-middletier-stage",
    backend: "thoth-backend-stage",
    amunApi: "thoth-amun-api-stage",
    amunInspection: "thoth-amun-inspection-stage",
  },
  test: {
    infra: "thoth-test-core",
    frontend: "thoth-test-core",
    middletier: "thoth-test-core",
    backend: "thoth-test-core",
    amunApi: "thoth-test-core",
    amunInspection: "thoth-test-core",
  },
};

/** Roles whose pods ask the graph database. */
export const graphRoles: readonly Role[] = ["frontend", "middletier", "backend", "amunInspection"];

/** Name of the namespace of each role. */
export function namespacesOf(settings: {
  readonly environment: "stage" | "test";
  readonly namespaces: Readonly<Partial<Record<Role, string>>>;
}): Readonly<Record<Role, string>> {
  return { ...namespaces[settings.environment], ...settings.namespaces };
}

/** Values by the namespace that their role has; of several that meet in one namespace the first counts. */
export function byNamespace<T>(
  names: Readonly<Record<Role, string>>,
  table: readonly (readonly [Role, T])[],
): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const [role, value] of table) {
    if (!found.has(names[role])) found.set(names[role], value);
  }
  return found;
}

/** Namespaces whose jobs send their results to http://result-api, with their role. */
export function resultNamespaces(names: Readonly<Record<Role, string>>): ReadonlyMap<string, Role> {
  return byNamespace(names, [
    ["middletier", "middletier"],
    ["backend", "backend"],
  ]);
}

/** Quotas by role. Sources: operate-first's quotas; infra and amunApi are ours. */
export const quotas: Readonly<Record<Role | "shared", Readonly<Record<string, string>>>> = {
  infra: quota("8", "16Gi", "8", "16Gi", "40Gi"),
  frontend: quota("12", "12Gi", "12", "12Gi", "40Gi"),
  middletier: { ...quota("48", "48Gi", "48", "32Gi", "64Gi"), pods: "1000" },
  backend: quota("32", "64Gi", "24", "64Gi", "30Gi"),
  amunApi: quota("8", "8Gi", "8", "8Gi", "10Gi"),
  amunInspection: quota("32", "48Gi", "24", "32Gi", "40Gi"),
  shared: quota("16", "32Gi", "16", "32Gi", "40Gi"),
};

function quota(limitCpu: string, limitMemory: string, cpu: string, memory: string, storage: string) {
  return {
    "limits.cpu": limitCpu,
    "limits.memory": limitMemory,
    "requests.cpu": cpu,
    "requests.memory": memory,
    "requests.storage": storage,
  };
}
