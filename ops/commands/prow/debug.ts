/** `orrery prow debug`. */
import { defineCommand } from "../../../cli/command.ts";
import { prepareScript, type Running } from "../../lib/prow/debugScript.ts";
import { deploymentOf, environmentOptions, inCluster, openEnvironment } from "../../lib/prow/environment.ts";

/** Go with a shell, for ephemeral containers: Prow's own images have neither. */
const toolImage = "docker.io/library/golang:1.24";

export const command = defineCommand({
  usage: "SERVICE",
  about: `Opens a shell with Go and Prow's sources next to a running service. It runs in the service's first pod, in a container of its own with Go
and git: it clones Prow's sources at the running commit, links the service's configuration and credentials to where its flags expect them,
and says how to run the service in parallel; logs go to the terminal. The pod is not restarted; increase its memory first (npx orrery prow
memory SERVICE 2Gi).`,
  options: {
    ...environmentOptions,
    image: { type: "string", default: toolImage, help: "the shell's image" },
    script: { type: "boolean", help: "only print what the shell does first" },
  },
  async run(values, [service]) {
    const environment = await openEnvironment(values);
    const { name, workload } = deploymentOf(environment, service);
    return inCluster(environment, values, async (kubectl, inside) => {
      const running = await kubectl.get<Running>("deployment", name, ...inside);
      const script = prepareScript(workload, running);
      if (values.script) {
        console.log(script);
        return 0;
      }
      const image = `--image=${values.image}`;
      const pod = await kubectl.output(["get", "pods", ...inside, "--selector", selector(running), "--output=name"]);
      const first = pod.trim().split("\n")[0] ?? "";
      if (first === "") throw new Error(`${name} has no pod; npx orrery status --system prow says why`);
      const words = ["debug", "--stdin", "--tty", first, ...inside, image, `--target=${workload}`, "--profile=general"];
      return kubectl.foreground([...words, "--", "bash", "-c", script]);
    });
  },
});

function selector(running: Running): string {
  const { matchLabels } = (running.spec as unknown as { selector: { matchLabels: Readonly<Record<string, string>> } })
    .selector;
  return Object.entries(matchLabels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}
