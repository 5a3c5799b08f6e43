/** The graph of components, from what the stacks render. */
import type { Rendered } from "./evaluate/render.ts";
import { isComponent } from "./report/format.ts";

/** The components of the systems and what they are parts of, as Mermaid. */
export function graph(stacks: readonly (readonly Rendered[])[]): string {
  const edges = new Set<string>();
  for (const resources of stacks) {
    const byUrn = new Map(resources.map((one) => [one.urn, one]));
    const owner = (urn: string): Rendered | undefined => {
      const one = byUrn.get(urn);
      return one === undefined || isComponent(one.type) ? one : owner(one.parent);
    };
    for (const { type, parent, provider } of resources) {
      const above = owner(parent);
      if (above === undefined) continue;
      if (isComponent(type) && type !== above.type) edges.add(`${nodeOf(above.type)} --> ${nodeOf(type)}`);
      const target = /pulumi:providers:(kubernetes|openstack)::/.exec(provider)?.[1];
      if (target !== undefined) edges.add(`${systemNode(above.type)} ==> ${target}{{${target}}}`);
    }
  }
  return ["```mermaid", "flowchart LR", ...[...edges].sort().map((edge) => `  ${edge}`), "```"].join("\n");
}

/** `packit_Worker[Worker]`; a system's top component is the node of the system. */
function nodeOf(type: string): string {
  const [, system = "", kind = ""] = type.split(":");
  return kind.toLowerCase() === system ? systemNode(type) : `${system}_${kind}[${kind}]`;
}

function systemNode(type: string): string {
  const system = type.split(":")[1] ?? "";
  return `${system}([${system}])`;
}
