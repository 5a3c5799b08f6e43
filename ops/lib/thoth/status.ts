/** Compares the clusters with what the program declares in them. */
import { thothSchema } from "../../../components/thoth/config.ts";
import { UsageError } from "../../../cli/usage.ts";
import type { Finding } from "../kube/checks.ts";
import { examine } from "../kube/examine.ts";
import { objectsByCluster, openProgram, withCluster } from "../program.ts";
import type { StatusHook, StatusValues } from "../status.ts";

/** What is checked; everything unless it is said otherwise. */
export interface VerifyValues extends StatusValues {
  /** Only this cluster. */
  readonly cluster?: string | undefined;
  /** Leaves out the permissions, which needs the right to create SubjectAccessReviews. */
  readonly noRights?: boolean;
}

/** Everything that was checked. @throws UsageError if the stack does not use the cluster, or a kubeconfig is for one of several */
export async function verify(values: VerifyValues): Promise<readonly Finding[]> {
  const program = await openProgram(thothSchema, values);
  const { cluster: only, noRights = false } = values;
  const clusters = [...objectsByCluster(program)].filter(([name]) => only === undefined || name === only);
  if (clusters.length === 0) throw new UsageError(`Thoth of ${program.name} uses no cluster "${only ?? ""}"`);
  if (clusters.length > 1 && values.kubeconfig !== undefined) {
    const names = clusters.map(([name]) => name).join(", ");
    throw new UsageError(`--kubeconfig is for one cluster: name it by --cluster, one of ${names}`);
  }
  const findings: Finding[] = [];
  for (const [cluster, declared] of clusters) {
    findings.push(...(await withCluster(program, cluster, values, (kubectl) => examine(kubectl, declared, !noRights))));
  }
  return findings;
}

/** Everything, for `orrery status`. */
export const status: StatusHook = (values) => verify(values);
