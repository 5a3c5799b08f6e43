import type { BlockOptions } from "../block.ts";
import type { ContainerArgs } from "./container.ts";
import type { WorkloadArgs } from "./pod.ts";
import { ServiceAccount } from "./serviceAccount.ts";

/** The account that a workload was given, or one of its own. */
export function accountFor(name: string, args: WorkloadArgs<ContainerArgs>, opts: BlockOptions): ServiceAccount {
  const { namespace, labels } = args;
  return (
    args.serviceAccount ??
    new ServiceAccount(`${name}-user`, { namespace, name: args.name, ...(labels === undefined ? {} : { labels }) }, opts)
  );
}
