import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { sample } from "../../config/samples.ts";
import type { RawConfig } from "../../config/secrets.ts";
import { offlineConfig, readStackFile, secretsOf, stackPath } from "../../config/stackFile.ts";
import { schemas } from "../../config/systems.ts";
import type { Registration } from "../../review/record.ts";

/** The committed stacks; others that a developer has beside them are their own affair. */
export const stacks = ["prod", "stage", "test"];

/** Config of a committed stack in which every secret is one of a kind, made of its key and `mark`. */
export function canaryConfig(stack: string, mark = "canary"): RawConfig {
  const file = readStackFile(stackPath(stack));
  const wanted = secretsOf(file, Object.values(schemas));
  return offlineConfig(file, (key) => {
    return wanted.get(key)?.sample(mark) ?? sample("text", `${mark} ${key}`);
  });
}

/** A sample of another seed without the marks of a sample, also within PEM: what an owner's text may look like. */
export function owned(sample: string): string {
  const plain = sample.replaceAll("sample", "owners");
  return plain.replaceAll(/(-----BEGIN [A-Z ]+-----\n)([^-]+)(-----END)/g, (_, begin: string, body: string, end) => {
    const bytes = Buffer.from(body, "base64").toString("latin1").replaceAll("sample", "owners");
    const lines =
      Buffer.from(bytes, "latin1")
        .toString("base64")
        .match(/.{1,64}/g) ?? [];
    return `${begin}${lines.join("\n")}\n${String(end)}`;
  });
}

/** A small generator of pseudo-random numbers from 0 to 1 (mulberry32), so that a failing order can be had again. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Text of a golden file; with UPDATE_GOLDEN=1 it is first written anew. */
export function golden(name: string, actual: string): string {
  const file = path.join(import.meta.dirname, "golden", name);
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(file, actual);
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new Error(`test/unit/golden/${name} is missing; UPDATE_GOLDEN=1 npm run test:unit writes it`);
  }
}

/** Leaves of plain data by path. */
function leaves(value: unknown, at = ""): ReadonlyMap<string, unknown> {
  if (typeof value !== "object" || value === null) return new Map([[at, value]]);
  return new Map(Object.entries(value).flatMap(([key, item]) => [...leaves(item, `${at}.${key}`)]));
}

/** What differs between two renders, a line each: `+ urn`, `- urn`, `~ urn .path: old -> new`. */
export function differences(before: string, after: string): readonly string[] {
  const [old, now] = [before, after].map(
    (text) => new Map((JSON.parse(text) as Registration[]).map((one) => [one.urn, leaves(one)])),
  ) as [Map<string, ReadonlyMap<string, unknown>>, Map<string, ReadonlyMap<string, unknown>>];
  const lines = [...old.keys()].filter((urn) => !now.has(urn)).map((urn) => `- ${urn}`);
  for (const [urn, held] of now) {
    const was = old.get(urn);
    if (was === undefined) lines.push(`+ ${urn}`);
    for (const at of was === undefined ? [] : new Set([...was.keys(), ...held.keys()])) {
      const [from, to] = [was, held].map((side) => (side?.has(at) === true ? JSON.stringify(side.get(at)) : "absent"));
      if (from !== to) lines.push(`~ ${urn} ${at}: ${from ?? ""} -> ${to ?? ""}`);
    }
  }
  return lines;
}
