/** How the database commands end when they were interrupted. */
import type { Task, TaskSettler } from "../../decision/task.ts";
import type { KubectlValues } from "../../kube/kubectl.ts";
import { type Instance, openInstance, type Service, services } from "../service.ts";
import { start, writers } from "../writers.ts";

/** The version that the Service selects, e.g. `postgres-13`. */
export async function servingServer({ kubectl }: Pick<Instance, "kubectl">): Promise<string | undefined> {
  const { spec } = await kubectl.get<{ spec: { selector?: Record<string, string> } }>("service", "postgres");
  return Object.values(spec.selector ?? {}).find((value) => value.startsWith("postgres-"));
}

/** What a journal needs to open the service again. */
export function taskValues({ name, file, service }: Service, { kubeconfig, context }: KubectlValues): Task["values"] {
  return { stack: name, configFile: file, service, kubeconfig, context };
}

function instanceOf({ stack = "", configFile, service, kubeconfig, context }: Task["values"]): Promise<Instance> {
  const known = services.find((one) => one === service) ?? "packit";
  return openInstance({ stack, configFile, service: known, kubeconfig, context });
}

/** What writes to the database was stopped while it was copied to the server `to`; both have the same rows until it starts again. */
export const writersTask: TaskSettler = {
  async reached(values) {
    const serving = await servingServer(await instanceOf(values));
    return serving === `postgres-${values.to ?? ""}` ? `Service postgres selects ${serving} already` : undefined;
  },
  async end(values) {
    const { kubectl, settings } = await instanceOf(values);
    await start(kubectl, writers(settings), Number(values.seconds));
    return "what writes to the database is started again";
  },
};

/** Where volumes are retained on deletion, a forgotten server's is not deleted with its resource. */
export const volumeTask: TaskSettler = {
  async end(values, end) {
    if (end !== "finished") return "";
    const { kubectl } = await instanceOf(values);
    await kubectl.output(["delete", "persistentvolumeclaim", values.claim ?? "", "--ignore-not-found"]);
    return `volume ${values.claim ?? ""} is removed`;
  },
};
