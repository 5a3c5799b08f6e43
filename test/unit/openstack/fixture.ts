import type * as openstack from "@pulumi/openstack";
import type { Cloud } from "../../../blocks/openstack/cloud.ts";
import { record, type Recording, type Registration, type MockEnvironment } from "../../../review/evaluate/record.ts";

/** The program runs with a provider; its parts are imported by the program itself, after the mocks are set. */
export type Program = (provider: openstack.Provider, cloud: Cloud) => Promise<void>;

/** A recording with look-ups for tests. */
export interface Seen extends Recording {
  /** The resource with this name, without components. @throws unless there is exactly one */
  resource(name: string): Registration;
  /** Names of all resources, sorted; components carry their type. */
  readonly tree: readonly string[];
}

/** Records a program in a cloud with networks `public` and `default`. */
export async function recordCloud(program: Program, world: Partial<MockEnvironment> = {}): Promise<Seen> {
  const recording = await record({ stack: "test", config: new Map(), ...world }, async () => {
    const { Provider } = await import("@pulumi/openstack");
    const provider = new Provider("lab", {});
    await program(provider, { name: "lab", region: "R", externalNetwork: "public", network: "default", provider });
    return {};
  });
  const isComponent = ({ type }: Registration): boolean => type.startsWith("orrery:");
  return {
    ...recording,
    resource(name) {
      const found = recording.resources.filter((one) => one.name === name && !isComponent(one));
      const [first] = found;
      if (first === undefined || found.length > 1) throw new Error(`${found.length} resources are named ${name}`);
      return first;
    },
    tree: recording.resources
      .filter(({ type }) => !type.startsWith("pulumi:"))
      .map((one) => (isComponent(one) ? `${one.name} (${one.type})` : one.name))
      .sort(),
  };
}
