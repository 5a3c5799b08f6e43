/** One service of a stack, and the cluster that it runs in. */
import { type packitSchema, type PackitSettings, schemaOf } from "../../../components/packit/config.ts";
import { sandboxNamespace, type ServiceName } from "../../../components/packit/names.ts";
import { guardCluster } from "../kube/cluster.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { Kubectl, type KubectlValues } from "../kube/kubectl.ts";
import { openStack, type StackValues, type SystemStack } from "../stack.ts";

/** The services, in the order in which they are deployed. */
export const services = ["packit", "stream"] as const satisfies readonly ServiceName[];

/** Options of every command that is about one of the two services. */
export const serviceOptions = {
  service: { type: "choice", choices: services, value: "NAME", default: "packit", help: "which of the two services" },
} as const satisfies OptionSpecs;

/** A stack and the service in it. */
export type ServiceValues = StackValues & Partial<ValuesOf<typeof serviceOptions>>;

/** One service in one stack. */
export interface Service extends SystemStack<PackitSettings> {
  readonly service: ServiceName;
  readonly schema: typeof packitSchema;
}

/** The service that the options name. @throws if the stack lacks it or its settings are wrong */
export function openService({ service = "packit", ...values }: ServiceValues): Service {
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
export async function openInstance(values: ServiceValues & KubectlValues): Promise<Instance> {
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
