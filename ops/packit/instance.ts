/** One service of a stack, and the cluster that it runs in. */
import { type packitSchema, type PackitSettings, schemaOf } from "../../components/packit/config.ts";
import { sandboxNamespace, type ServiceName } from "../../components/packit/names.ts";
import { guardCluster } from "../cluster.ts";
import { text, UsageError, type Values } from "../command.ts";
import { Kubectl } from "../kubectl.ts";
import { openStack, type SystemStack } from "../lib/stack.ts";

/** Options of every command that is about one of the two services. */
export const serviceOptions = { service: { type: "string" } } as const;

/** The lines of `--help` about them. */
export const serviceHelp = `  --service NAME     packit (default) or stream`;

/** The services, in the order in which they are deployed. */
export const services: readonly ServiceName[] = ["packit", "stream"];

/** One service in one stack. */
export interface Service extends SystemStack<PackitSettings> {
  readonly service: ServiceName;
  readonly schema: typeof packitSchema;
}

/** The service that the options name. @throws if the stack lacks it or its settings are wrong */
export function openService(values: Values): Service {
  const word = text(values, "service") ?? "packit";
  const service = services.find((name) => name === word);
  if (service === undefined) throw new UsageError(`there is no service "${word}"; there are ${services.join(", ")}`);
  const schema = schemaOf(service);
  return { ...openStack(schema, values), service, schema };
}

/** A service and kubectl in its namespace; only ever on the cluster that the stack is for. */
export interface Instance extends Service {
  readonly kubectl: Kubectl;
  /** kubectl in the sandbox namespace. @throws if the service has none */
  readonly sandbox: () => Kubectl;
}

/** Opens the service on its cluster. @throws if the cluster at hand is another one */
export async function openInstance(values: Values): Promise<Instance> {
  const opened = openService(values);
  const { service, settings } = opened;
  const kubectl = new Kubectl(settings.namespace.name, values);
  await guardCluster(opened, settings.cluster, kubectl);
  return {
    ...opened,
    kubectl,
    sandbox() {
      if (!settings.sandbox.enabled) throw new Error(`${service} of ${opened.name} has no sandboxes`);
      return new Kubectl(sandboxNamespace(service, settings), values);
    },
  };
}
