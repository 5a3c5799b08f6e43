/**
 * Generated deployments of the systems on the lab's API server: what adopt reports is what the first update changes, value by
 * value; nothing is replaced, no sample is written over a live text, and a second update changes nothing. The update's
 * requests are the provider's own; adopt.test.ts runs the engine. ORRERY_CASES chooses how many, ORRERY_SEED which, and ORRERY_CASE
 * repeats some, e.g. 19,57.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "mocha";
import { askCluster } from "../../config/clusterApi.ts";
import { openSalt } from "../../config/passphrase.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { readStackFile, stackPath } from "../../config/stackFile.ts";
import { lab, openstackApi } from "../../lab/harness/cloud.ts";
import { withOnly } from "../../lab/harness/system.ts";
import { labTarget } from "../../lab/pulumi.ts";
import { labKubeconfig, retarget } from "../../lab/retarget.ts";
import { evaluate } from "../../ops/lib/adopt/declared.ts";
import { openStackSecrets } from "../../ops/lib/secrets/stackSecrets.ts";
import { secretTemplates } from "../../ops/lib/secrets/secretKeys.ts";
import { random } from "../../lab/random.ts";
import { once } from "../unit/recordings.ts";
import { type Declared, type Result, runCase } from "./adopt/generatedCase.ts";
import { runRules } from "./adopt/generatedRules.ts";

const cases = Number(process.env.ORRERY_CASES ?? "10");
const seed = Number(process.env.ORRERY_SEED ?? "1");
const only = process.env.ORRERY_CASE;
const systems: Readonly<Record<string, string>> = {
  ...{ dials: "prod", packit: "prod", stream: "prod", prow: "prod", thoth: "stage" },
};
const names = [...Object.keys(systems), "callysto"];

describe(`adopting generated deployments (ORRERY_SEED=${seed}, ${cases} cases)`, function () {
  this.timeout(0);
  const dir = mkdtempSync(path.join(tmpdir(), "generated-"));

  const declaredOf = once(async (name: string): Promise<Declared> => {
    const stack = systems[name] ?? "";
    const [source, file] = [path.join(dir, "source.yaml"), path.join(dir, `Pulumi.${name}.yaml`)];
    writeFileSync(source, withOnly([name], readFileSync(stackPath(stack), "utf8"), []));
    retarget(source, file, labTarget(lab), samplePassphrase(stack), true);
    const crypter = openSalt(readStackFile(file).encryptionSalt ?? "", samplePassphrase(stack));
    const stackSecrets = openStackSecrets({ stack, configFile: file }, crypter);
    const templates = await secretTemplates(stackSecrets);
    return { name, stackSecrets, recording: await evaluate(stackSecrets), templates };
  });

  after(() => {
    rmSync(dir, { recursive: true });
  });

  it("every field that the first update changes is reported with its value, and nothing else", async () => {
    const numbers = only === undefined ? Array.from({ length: cases }, (_, at) => at) : only.split(",").map(Number);
    const results = await askCluster(labKubeconfig(lab), async (api) => {
      const all: (Result & { readonly number: number })[] = [];
      for (const number of numbers) {
        const [name, draw] = [names[number % names.length] ?? "", random(seed * 100_000 + number)];
        const result =
          name === "callysto"
            ? await runRules(openstackApi(lab), draw, `generated-${number}`)
            : await runCase(api, await declaredOf(name), draw, `s${number}`);
        all.push({ number, ...result });
      }
      return all;
    });
    const sum = (of: (one: Result) => number): number => results.reduce((total, one) => total + of(one), 0);
    console.log(
      `      ${results.length} cases: ${sum(({ objects }) => objects)} objects, ${sum(({ fields }) => fields)} fields reported, ` +
        `${sum(({ refused }) => refused.length)} objects refused`,
    );
    if (only !== undefined) console.log(results.flatMap(({ refused }) => refused).join("\n"));
    assert.ok(sum(({ fields }) => fields) > 10 * results.length, "the cases are not trivial");
    assert.deepEqual(
      results.flatMap(({ number, bad }) => bad.map((line) => `ORRERY_CASE=${number}: ${line}`)),
      [],
    );
  });
});
