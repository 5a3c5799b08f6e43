/** Ports: probes call paths that respond, and Services and declared ports lead to a listening program. */
import { asList, asObject, asText, asTexts, title } from "../../policy/manifest.ts";
import { callProblems } from "./commands.ts";
import { holds, type Situation } from "./situation.ts";

const probes = ["livenessProbe", "readinessProbe", "startupProbe"] as const;

/** Ports on which the program listens. */
function listening(situation: Situation): ReadonlySet<number> {
  const ports = Object.entries(situation.reading.ports ?? {});
  const open = ports.filter(([, { when, silent }]) => silent !== true && holds(when, situation));
  return new Set(open.map(([port]) => Number(port)));
}

/** Problems of a container's probes, hooks and declared ports, one phrase each. */
export function portProblems(situation: Situation): readonly string[] {
  const { container, reading } = situation;
  const open = listening(situation);
  const problems: string[] = [];
  for (const { containerPort } of asList(container.body.ports)) {
    if (!open.has(Number(containerPort)))
      problems.push(`port ${String(containerPort)} is declared, but the program does not listen there`);
  }
  for (const kind of probes) {
    const probe = asObject(container.body[kind]);
    const [http, tcp, exec] = [asObject(probe.httpGet), asObject(probe.tcpSocket), asObject(probe.exec)];
    if (Array.isArray(exec.command)) problems.push(...callProblems(exec.command.map(String), situation, kind));
    const called = portOf(container.body, tcp.port);
    if ("port" in tcp && !open.has(called) && reading.ports?.[String(called)]?.silent !== true)
      problems.push(`${kind} calls port ${String(tcp.port)}, where the program does not listen`);
    if (!("port" in http)) continue;
    const port = portOf(container.body, http.port);
    const spec = reading.ports?.[String(port)];
    if (spec === undefined || !open.has(port)) {
      problems.push(`${kind} calls port ${String(port)}, where the program does not listen`);
      continue;
    }
    const asked = asText(http.path) === "" ? "/" : asText(http.path).replace(/\?.*$/, "");
    const answer = (spec.answers ?? []).some(({ path }) =>
      path.endsWith("*") ? asked.startsWith(path.slice(0, -1)) : path === asked,
    );
    if (!answer)
      problems.push(`${kind} calls ${asked} on port ${String(port)}, which does not exist there (${spec.at})`);
    const tls = asText(http.scheme) === "HTTPS";
    if (tls !== (spec.tls ?? false))
      problems.push(
        `${kind} calls port ${String(port)} with ${tls ? "HTTPS" : "HTTP"}; it speaks ${tls ? "HTTP" : "HTTPS"} (${spec.at})`,
      );
  }
  for (const [hook, { exec }] of Object.entries(asObject(container.body.lifecycle)).map(
    ([name, value]) => [name, asObject(value)] as const,
  )) {
    const { command } = asObject(exec);
    if (Array.isArray(command)) problems.push(...callProblems(command.map(String), situation, hook));
  }
  return problems;
}

function portOf(container: Situation["container"]["body"], port: unknown): number {
  return typeof port === "string"
    ? Number(asList(container.ports).find(({ name }) => name === port)?.containerPort ?? port)
    : Number(port);
}

/** Service ports that select the pod but lead to no listening program, one phrase each. */
export function serviceProblems(situations: readonly Situation[]): readonly string[] {
  const [first] = situations;
  if (first === undefined) return [];
  const { world, pod } = first;
  return world.all("Service", pod.cluster, pod.namespace).flatMap((service) => {
    const spec = asObject(service.body.spec);
    if (!selects(asTexts(spec.selector), pod.labels)) return [];
    return asList(spec.ports).flatMap(({ port, targetPort }) => {
      const target = targetPort ?? port;
      const there = situations.some((one) => listening(one).has(portOf(one.container.body, target)));
      return there
        ? []
        : [`${title(service)}: port ${String(port)} leads to ${String(target)}, where no program listens`];
    });
  });
}

/** Whether a Service's selector matches a pod; an empty one matches none. */
export function selects(selector: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}
