/** `orrery dials forward`. */
import { dialsSchema } from "../../../components/dials/config.ts";
import { defineCommand } from "../../../cli/command.ts";
import { Kubectl, kubectlOptions } from "../../lib/kube/kubectl.ts";
import { openStack, stackOptions } from "../../lib/stack.ts";

const services = {
  flower: { deployment: "flower", port: 5555, local: "5555" },
  broker: { deployment: "redis-etl-broker", port: 6379, local: "6380" },
  cache: { deployment: "redis-web-cache", port: 6379, local: "6381" },
} as const;

export const command = defineCommand({
  usage: "flower|broker|cache",
  about: `Forwards a port of this machine to Flower or a Redis. The ports are 5555 for Flower, 6380 for the ETL's Redis and 6381 for the web's;
it ends at Ctrl-C. kubectl picks a ready pod, also during a rollout. Flower's login is FLOWER_BASIC_AUTH of the Secret
dials-etl-secrets.`,
  options: {
    ...stackOptions,
    ...kubectlOptions,
    port: { type: "integer", min: 1, max: 65535, help: "another local port" },
  },
  run(values, [name]) {
    const service = services[name];
    const { settings } = openStack(dialsSchema, values);
    const kubectl = new Kubectl(settings.namespace.name, values);
    return kubectl.foreground([
      "port-forward",
      `deployment/${service.deployment}`,
      `${values.port ?? service.local}:${service.port}`,
    ]);
  },
});
