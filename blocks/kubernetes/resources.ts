import type * as k8s from "@pulumi/kubernetes";

/** One figure for both, or [request, limit]. */
export type RequestAndLimit = string | readonly [request: string, limit: string];

/** Requests and limits of a container. Units are Kubernetes quantities: "250m", "1", "512Mi". */
export interface Resources {
  /** A limit of "none" needs the exception `no-cpu-limit`. */
  readonly cpu: RequestAndLimit;
  readonly memory: RequestAndLimit;
  /** @default unset */
  readonly ephemeralStorage?: RequestAndLimit;
}

/** Kubernetes' own shape of {@link Resources}. */
export function toResources(resources: Resources): k8s.types.input.core.v1.ResourceRequirements {
  const amounts: [string, RequestAndLimit | undefined][] = [
    ["cpu", resources.cpu],
    ["memory", resources.memory],
    ["ephemeral-storage", resources.ephemeralStorage],
  ];
  const requests: Record<string, string> = {};
  const limits: Record<string, string> = {};
  for (const [kind, amount] of amounts) {
    if (amount === undefined) {
      continue;
    }
    const [request, limit] = typeof amount === "string" ? [amount, amount] : amount;
    requests[kind] = request;
    if (limit !== "none") {
      limits[kind] = limit;
    }
  }
  return { requests, limits };
}
