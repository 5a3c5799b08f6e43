/** A stack's program where its clouds have what they have. */
import type { Recording } from "../../../review/evaluate/record.ts";
import { openCloud } from "../cloud/openstack.ts";
import type { StackSecrets } from "../secrets/stackSecrets.ts";
import type { StackValues } from "../stack.ts";
import { addressesOnPorts, CloudWorld } from "./clouds.ts";
import { evaluate } from "./declared.ts";
import { inventoryOf } from "./inventory.ts";
import type { TerraformResource } from "./terraform.ts";

/** Evaluates the program where the clouds have what they have; a second time, since addresses are known by their ports. */
export async function evaluateOnClouds(
  stackSecrets: StackSecrets,
  values: StackValues,
  terraform: readonly TerraformResource[] = [],
): Promise<{ recording: Recording; world: CloudWorld }> {
  const clouds = stackSecrets.secrets.filter(({ schema }) => schema.namespace === "clouds").map(({ name }) => name);
  const projects = new Map(
    await Promise.all(clouds.map(async (name) => [name, await inventoryOf(await openCloud(name, values))] as const)),
  );
  const world = new CloudWorld(projects, terraform);
  const recording = await evaluate(stackSecrets, world);
  const addresses = addressesOnPorts(recording, projects);
  if (addresses.size === 0) return { recording, world };
  const second = new CloudWorld(projects, terraform, addresses);
  return { recording: await evaluate(stackSecrets, second), world: second };
}
