/** Reproducible random faults: the same seed hits the same requests, whatever else runs at the same time. */
import { createHash } from "node:crypto";
import { random } from "../../../lab/random.ts";
import type { Fault } from "./proxy.ts";

const kinds = ["429", "500", "503", "time-out", "reset", "slow", "truncated"] as const;
type Kind = (typeof kinds)[number];

/** Which requests get faults, and how many. */
export interface FaultProfile {
  /** Which requests may get a fault. */
  readonly hits: "writes" | "reads" | "all";
  /** Name of the only service that gets faults. @default every one */
  readonly only?: string;
  /** How many of them, from 0 to 1. */
  readonly share: number;
  /** How many requests of the same kind meet the same fault, one after the other. */
  readonly burst: number;
}

/** Milliseconds after which a gateway stops waiting; real ones take a minute. */
const gatewayTimeout = 1500;

/**
 * Draws a fault profile; two thirds hit requests that change something, where faults do harm.
 * @param writable - the services that an update writes to, of all that it asks
 */
export function drawFaultProfile(draw: () => number, services: readonly string[], writable = services): FaultProfile {
  const writes = draw() < 0.65;
  const among = writes ? writable : services;
  const only = draw() < 0.4 ? among[Math.floor(draw() * among.length)] : undefined;
  const share = writes ? 0.2 + draw() * 0.4 : 0.03 + draw() * 0.07;
  const burst = 1 + Math.floor(draw() * 3);
  return { hits: writes ? "writes" : "all", share, burst, ...(only === undefined ? {} : { only }) };
}

/** In words, e.g. `31 % of writes to neutron, 2 in a row`. */
export function formatProfile({ hits, only, share, burst }: FaultProfile): string {
  return `${Math.round(share * 100)} % of ${hits === "all" ? "requests" : hits}${only === undefined ? "" : ` to ${only}`}, ${burst} in a row`;
}

/** The fault of the nth request (from 0) of a kind, or undefined. */
export function faultOf(seed: string, profile: FaultProfile, asked: Asked, nth: number): Fault | undefined {
  const { hits, only, share, burst } = profile;
  const reads = ["GET", "HEAD"].includes(asked.method);
  if ((only !== undefined && only !== asked.service) || (hits !== "all" && reads !== (hits === "reads")))
    return undefined;
  const draw = random(hash(`${seed} ${requestKind(asked)} ${Math.floor(nth / burst)}`));
  if (draw() >= share) return undefined;
  return fault(kinds[Math.floor(draw() * kinds.length)] ?? "500", draw);
}

/** A request, and which of the proxies got it. */
export interface Asked {
  readonly service: string;
  readonly method: string;
  readonly path: string;
}

/** Requests of one kind are counted together; ids differ from run to run. */
export function requestKind({ service, method, path }: Asked): string {
  const plain = path.replace(/[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}/g, "ID").replace(/\?.*$/, "");
  return `${service} ${method} ${plain}`;
}

function fault(kind: Kind, draw: () => number): Fault {
  const done = draw() < 0.5;
  switch (kind) {
    case "429":
      return { kind: "status", status: 429, done: false };
    case "500":
    case "503":
      return { kind: "status", status: Number(kind), done };
    case "time-out":
      return { kind: "status", status: 504, after: gatewayTimeout, done };
    case "reset":
      return { kind: "reset", done };
    case "slow":
      return { kind: "slow", milliseconds: 300 + Math.floor(draw() * 2000) };
    case "truncated":
      return { kind: "truncated" };
  }
}

/** A number of 32 bits out of a text. */
export function hash(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32LE();
}
