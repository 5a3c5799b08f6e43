/** What the engine would refuse to replace in a rebuild. */
import type { StateResource } from "../resources.ts";

/** The server of an environment, whose protection a rebuild lifts for one update; its port and keys stay as they are. */
export function liftedByRebuild(all: readonly StateResource[], environment: string): readonly StateResource[] {
  return all.filter(
    ({ type, urn }) =>
      type === "openstack:compute/instance:Instance" && urn.endsWith(`::callysto-${environment}-host-server-instance`),
  );
}
