/** Live texts of Secrets that the first update would replace by published samples. */
import { publishedSamples } from "../../../config/published.ts";
import { secretCommand } from "../../../config/problems.ts";
import { hasManyLines } from "../../../config/secrets.ts";
import { readStackFile } from "../../../config/stackFile.ts";
import { asTexts } from "../../../policy/manifest.ts";
import type { StackSecret, StackSecrets } from "../secrets/stackSecrets.ts";
import { placeOf, type Template } from "../secrets/secretKeys.ts";
import type { FoundObject } from "./objects.ts";

const clear = (base64: string): string => Buffer.from(base64, "base64").toString("utf8");

/**
 * A sentence for each live text that would be lost, with the commands that save it. In the lab a cluster may allow it
 * (`allowSamples`); elsewhere that setting lets samples in, but not over what is there.
 */
export function sampleProblems(
  stackSecrets: Pick<StackSecrets, "name" | "file" | "secrets">,
  cluster: string,
  templates: readonly Template[],
  found: readonly FoundObject[],
): readonly string[] {
  if (mayBeLost(stackSecrets.file, cluster)) return [];
  const published = publishedSamples(stackSecrets.secrets);
  const made = new Map(templates.map((one) => [placeOf(one), one]));
  return found
    .filter(({ declared }) => declared.kind === "Secret")
    .flatMap(({ declared: { namespace, name: secret, body }, live }) => {
      const wanted = new Map([
        ...Object.entries(asTexts(body.data)).map(([key, base64]) => [key, clear(base64)] as const),
        ...Object.entries(asTexts(body.stringData)),
      ]);
      return Object.entries(asTexts(live.data)).flatMap(([key, base64]) => {
        const [before, after] = [clear(base64), wanted.get(key)];
        if (after === undefined || before === after || before === "" || published.isIn(before)) return [];
        const inside = made.get(placeOf({ cluster, namespace, secret, key }))?.probes;
        const samples = stackSecrets.secrets.filter((one) => one.state === "sample" && inside?.has(one.key) === true);
        if (samples.length === 0 && !published.isIn(after)) return [];
        return [problem(`Secret ${namespace}/${secret} ${key}`, samples, stackSecrets.name)];
      });
    });
}

function problem(place: string, samples: readonly StackSecret[], stack: string): string {
  const keys = samples.map(({ key }) => key).join(" and ");
  const set = samples.map(({ key, spec }) => secretCommand(key, hasManyLines(spec)).replaceAll("{stack}", stack));
  return [
    `${place}: the first up would replace the live text by a published sample${keys === "" ? "" : `, of ${keys}`}`,
    [`npm run ops -- secrets import cluster --stack ${stack}`, ...set].join(", or "),
  ].join("; ");
}

function mayBeLost(file: string, cluster: string): boolean {
  const settings = JSON.parse(readStackFile(file).entries.get("clusters:settings")?.value ?? "{}") as Readonly<
    Record<string, { readonly lab?: boolean; readonly allowSamples?: boolean }>
  >;
  return settings[cluster]?.lab === true && settings[cluster].allowSamples === true;
}
