/** Passwords that the program draws and that a live Secret has already: they are taken over, so that nobody is locked out. */
import * as pulumi from "@pulumi/pulumi";
import { asObject, asTexts } from "../../../policy/manifest.ts";
import { resourceState } from "../../../review/evaluate/outputs.ts";
import type { Registration } from "../../../review/evaluate/record.ts";
import { Secret } from "../../../review/evaluate/secret.ts";
import type { World } from "./declared.ts";
import { type Adopted, opened } from "./importFile.ts";
import type { FoundObject } from "./objects.ts";

const type = "random:index/randomPassword:RandomPassword";

/** A password of the program: where its old text was found, or why a new one is generated. */
export interface OldPassword {
  readonly own: Registration;
  /** `Secret namespace/name key`, each place that has it. */
  readonly places: readonly string[];
  /** Texts found in the places; one, unless they contradict each other. */
  readonly values: ReadonlySet<string>;
}

/** Looks for the old texts: wherever the program would write a drawn password, a live Secret may have one. */
export function oldPasswords(
  resources: readonly Registration[],
  found: readonly FoundObject[],
): readonly OldPassword[] {
  const drawn = new Map(resources.filter((one) => one.type === type).map((one) => [one, invented(one)]));
  const secrets = found.filter(({ declared }) => declared.kind === "Secret");
  return [...drawn].map(([own, text]) => {
    const others = [...drawn.values()].filter((other) => other !== text);
    const hits = secrets.flatMap(({ declared: { namespace, name, body }, live }) => {
      const data = asTexts(live.data);
      return Object.entries(asTexts(body.stringData)).flatMap(([key, template]) => {
        const old = data[key];
        if (old === undefined) return [];
        const value = textIn(template, Buffer.from(old, "base64").toString("utf8"), text, others);
        return value === undefined || value === "" ? [] : [{ place: `Secret ${namespace}/${name} ${key}`, value }];
      });
    });
    return { own, places: hits.map(({ place }) => place), values: new Set(hits.map(({ value }) => value)) };
  });
}

/** The text that the evaluation of the program has in place of a password. */
function invented({ type: of, name, urn, inputs }: Registration): string {
  return String(resourceState({ type: of, name, urn, inputs }, []).state.result);
}

/** What stands in `live` where `drawn` stands in `template`: as it is, within other text, or in base64. */
export function textIn(
  template: string,
  live: string,
  drawn: string,
  others: readonly string[] = [],
): string | undefined {
  const base64 = Buffer.from(drawn).toString("base64");
  if (template === base64) {
    const text = Buffer.from(live, "base64").toString("utf8");
    return Buffer.from(text).toString("base64") === live ? text : undefined;
  }
  if (!template.includes(drawn)) return undefined;
  const pattern = template.split(drawn).map((part) => {
    return others
      .reduce<readonly string[]>((parts, other) => parts.flatMap((one) => one.split(other)), [part])
      .map((one) => one.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*?");
  });
  const [first = "", ...rest] = pattern;
  return new RegExp(`^${first}(?<old>.+?)${rest.join("\\k<old>")}$`, "s").exec(live)?.groups?.old;
}

/** The world in which the passwords are the old ones. */
export function withPasswords(world: World, adopted: ReadonlyMap<string, Adopted>): World {
  return {
    answer: world.answer,
    live: (resource, provider) => {
      const own = adopted.get(resource.urn);
      if (resource.type !== type || own === undefined) return world.live(resource, provider);
      return { id: own.id, state: { result: pulumi.secret(opened(own.outputs?.result)) } };
    },
  };
}

/** The state of a password with its old text; its length need not be what the program would draw. */
export function adoptPassword({ inputs }: Registration, text: string): Adopted {
  const plain = opened(inputs) as Record<string, unknown>;
  const defaults = { lower: true, upper: true, number: true, numeric: true, special: true };
  const least = { minLower: 0, minNumeric: 0, minSpecial: 0, minUpper: 0 };
  return {
    id: "none",
    inputs,
    outputs: { ...defaults, ...least, ...asObject(plain), result: new Secret(text), bcryptHash: new Secret("") },
  };
}
