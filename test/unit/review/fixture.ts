/** Small renders for tests of the review. */
import type { Rendered } from "../../../review/evaluate/render.ts";

/** A resource under a component `orrery:<system>:Box`. */
export function resource(
  type: string,
  name: string,
  inputs: object = {},
  options: Rendered["options"] = {},
  system = "thoth",
): Rendered {
  const parent = `urn:pulumi:test::orrery::orrery:${system}:Box::box`;
  const urn = `urn:pulumi:test::orrery::orrery:${system}:Box$${type}::${name}`;
  return { urn, type, name, parent, provider: "", inputs, options };
}

/** A Deployment with one container. */
export function deployment(image: string, more: object = {}): Rendered {
  return resource("kubernetes:apps/v1:Deployment", "web", {
    metadata: { name: "web", namespace: "thoth" },
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: { spec: { containers: [{ name: "web", image, env: [{ name: "A", value: "1" }] }] } },
      ...more,
    },
  });
}
