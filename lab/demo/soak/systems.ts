/** The systems of a soak: a hub in OpenStack, the others in one cluster. */
import type { Run } from "../../pulumi.ts";
import { type CallystoAtWork, deployCallysto, startCloud } from "../callysto/deploy.ts";
import { deployDials, type DialsAtWork } from "../dials/deploy.ts";
import { deployPackit, type PackitAtWork } from "../packit/deploy.ts";
import { deployProw, type ProwAtWork } from "../prow/deploy.ts";
import { deployStream, type StreamAtWork } from "../stream/deploy.ts";
import { deployThoth, type ThothAtWork } from "../thoth/deploy.ts";

/** The systems at work. */
export interface Systems {
  readonly prow: ProwAtWork;
  readonly dials: DialsAtWork;
  readonly packit: PackitAtWork;
  readonly stream: StreamAtWork;
  readonly thoth: ThothAtWork;
  readonly hub: CallystoAtWork;
}

/** Deploys what is missing or changed, one after the other. @throws with Pulumi's output if one cannot be */
export async function deploySystems(run: Run): Promise<Systems> {
  await startCloud(run.lab, run.log);
  const hub = await deployCallysto(run);
  const prow = await deployProw(run);
  const dials = await deployDials(run);
  const packit = await deployPackit(run);
  const stream = await deployStream(run);
  return { prow, dials, packit, stream, thoth: await deployThoth(run), hub };
}

/** Namespaces of the systems; what stands for the world outside is in others. */
export const namespacesOf = ({ prow, dials, packit, stream, thoth }: Systems): readonly string[] => [
  ...[prow.namespaces.prow, prow.namespaces.jobs, dials.namespace, packit.namespace, packit.sandboxes],
  ...[stream.namespace, thoth.namespace, thoth.tunnels],
];
