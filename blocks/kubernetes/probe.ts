import type * as k8s from "@pulumi/kubernetes";

/** Timing of a probe in seconds and counts; defaults are Kubernetes' (0, 10, 1, 1, 3), but a liveness probe's timeout is 5. */
export interface Timing {
  readonly delay?: number;
  readonly period?: number;
  readonly timeout?: number;
  readonly successes?: number;
  readonly failures?: number;
}

/** For readiness: known within five seconds; a container that was ready is given up after thirty, as by default. */
export const soon: Timing = { period: 5, failures: 6 };

/** A kubelet probe; made by {@link http}, {@link tcp} or {@link exec}. */
export type Probe = k8s.types.input.core.v1.Probe;

/** A long-running container says when it is ready, alive or both; liveness must not depend on other services. */
export type Probes =
  | { readonly readiness: Probe; readonly liveness?: Probe; readonly startup?: Probe }
  | { readonly liveness: Probe; readonly startup?: Probe }
  /** No probe is possible; the reason is recorded as the exception `no-probes`. */
  | { readonly none: string };

/** A GET that must answer 2xx or 3xx. `port` is a number or a container port's name. */
export function http(
  path: string,
  port: number | string,
  timing: Timing & { scheme?: "HTTPS"; host?: string; headers?: Record<string, string> } = {},
): Probe {
  const { scheme, host, headers } = timing;
  const httpHeaders = Object.entries(headers ?? {}).map(([name, value]) => ({ name, value }));
  return {
    httpGet: {
      path,
      port,
      ...(scheme === undefined ? {} : { scheme }),
      ...(host === undefined ? {} : { host }),
      ...(httpHeaders.length === 0 ? {} : { httpHeaders }),
    },
    ...toTiming(timing),
  };
}

/** A port that must accept a connection. */
export function tcp(port: number | string, timing: Timing = {}): Probe {
  return { tcpSocket: { port }, ...toTiming(timing) };
}

/** A command inside the container that must exit with 0. */
export function exec(command: readonly string[], timing: Timing = {}): Probe {
  return { exec: { command: [...command] }, ...toTiming(timing) };
}

function toTiming(timing: Timing): Probe {
  return {
    ...(timing.delay === undefined ? {} : { initialDelaySeconds: timing.delay }),
    ...(timing.period === undefined ? {} : { periodSeconds: timing.period }),
    ...(timing.timeout === undefined ? {} : { timeoutSeconds: timing.timeout }),
    ...(timing.successes === undefined ? {} : { successThreshold: timing.successes }),
    ...(timing.failures === undefined ? {} : { failureThreshold: timing.failures }),
  };
}
