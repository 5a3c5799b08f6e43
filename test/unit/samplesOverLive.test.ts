/**
 * Live Secrets of all five services, the import that takes their texts over, and the refusal of what would be lost. The
 * oracle is the program: a text depends on a sample if it is another one with another sample.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "mocha";
import { openSalt } from "../../config/passphrase.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { readStackFile, stackPath } from "../../config/stackFile.ts";
import { evaluate } from "../../ops/lib/adopt/declared.ts";
import { declaredObjects, type FoundObject } from "../../ops/lib/adopt/objects.ts";
import { sampleProblems } from "../../ops/lib/adopt/samples.ts";
import { liveKeys, sourceOf } from "../../ops/lib/secrets/clusterSource.ts";
import { type StackSecrets, openStackSecrets } from "../../ops/lib/secrets/stackSecrets.ts";
import { planImport } from "../../ops/lib/secrets/importPlan.ts";
import { secretTemplates } from "../../ops/lib/secrets/secretKeys.ts";
import { type Json, asTexts } from "../../policy/manifest.ts";
import { owned, random, stacks } from "./harness.ts";

const dir = mkdtempSync(path.join(tmpdir(), "samples-"));
const clear = (base64: string): string => Buffer.from(base64, "base64").toString("utf8");
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** Opening a salt takes a quarter of a second. */
const crypters = new Map(
  stacks.map((stack) => [
    stack,
    openSalt(readStackFile(stackPath(stack)).encryptionSalt ?? "", samplePassphrase(stack)),
  ]),
);

/** A stack with these texts in place of its samples. */
function stackWith(stack: string, given: ReadonlyMap<string, string>, name = stack): StackSecrets {
  const crypter = crypters.get(stack);
  assert.ok(crypter);
  const file = path.join(dir, `Pulumi.${name}.yaml`);
  const text = readStackFile(stackPath(stack)).text.replaceAll(
    /^ {2}(\S+:\S+):\n {4}secure: .*$/gm,
    (old, key: string) => {
      const own = given.get(key);
      return own === undefined ? old : `  ${key}:\n    secure: ${crypter.encrypt(own)}`;
    },
  );
  writeFileSync(file, text);
  return openStackSecrets({ stack, configFile: file }, crypter);
}

/** Declared Secrets by cluster, and their texts by `cluster: namespace/name key`. */
async function declaredSecrets(held: StackSecrets) {
  const declared = [...declaredObjects(await evaluate(held))].map(
    ([cluster, objects]) => [cluster, objects.filter(({ kind }) => kind === "Secret")] as const,
  );
  const all = declared.flatMap(([cluster, objects]) =>
    objects.flatMap(({ namespace, name, body }) =>
      Object.entries({
        ...Object.fromEntries(Object.entries(asTexts(body.data)).map(([key, one]) => [key, clear(one)])),
        ...asTexts(body.stringData),
      }).map(([key, one]) => [`${cluster}: ${namespace}/${name} ${key}`, one] as const),
    ),
  );
  return { declared, texts: new Map(all) };
}

type Declared = Awaited<ReturnType<typeof declaredSecrets>>["declared"];

/** What lives there when somebody else wrote these objects. */
function live(declared: Declared, has: (title: string) => boolean): ReadonlyMap<string, readonly FoundObject[]> {
  return new Map(
    declared.map(([cluster, objects]) => [
      cluster,
      objects
        .filter(({ namespace, name }) => has(`${namespace}/${name}`))
        .map((one) => {
          const { namespace, name, body } = one;
          const plain = Object.entries(asTexts(body.stringData)).map(([key, text]) => [key, base64(text)]);
          const data = { ...asTexts(body.data), ...(Object.fromEntries(plain) as Record<string, string>) };
          const json: Json = { kind: "Secret", type: "Opaque", metadata: { namespace, name }, data };
          return { declared: one, live: json };
        }),
    ]),
  );
}

after(() => {
  rmSync(dir, { recursive: true });
});

for (const [number, stack] of ["prod", "stage"].entries()) {
  describe(`live Secrets of ${stack}, drawn by ${number}`, function () {
    this.timeout(300_000);

    it("are never overwritten by a sample without a refusal; what is imported is what lived there", async () => {
      const draw = random(number + 1);
      const samples = stackWith(stack, new Map());
      // Secrets that belong together have one owner.
      const seeds = [...new Set(samples.secrets.map(({ key, spec }) => spec.sampleSeed ?? key))];
      const theirs = new Map(seeds.map((seed) => [seed, draw() < 0.3]));
      const texts_ = (mark: string, of: boolean): ReadonlyMap<string, string> =>
        new Map(
          samples.secrets
            .filter(({ key, spec, required, schema }) => {
              const target = ["clusters", "clouds"].includes(schema.namespace);
              return required && !target && theirs.get(spec.sampleSeed ?? key) === of;
            })
            .map(({ key, sample }) => [key, owned(sample(mark))]),
        );
      // Everything that lives there is its owners'; the stack has some of it, or another text, and samples.
      const all = stackWith(stack, new Map([...texts_("live", true), ...texts_("live", false)]), "all");
      const mine = stackWith(stack, texts_("another", true), "mine");
      const other = stackWith(stack, new Map([...texts_("other", false), ...texts_("another", true)]), "other");
      const there = await declaredSecrets(all);
      const now = await declaredSecrets(mine);
      const then = await declaredSecrets(other);
      const titles = [...new Set([...there.texts.keys()].map((place) => place.split(" ")[1] ?? ""))];
      const present = new Set(titles.filter(() => draw() < 0.8));

      const templates = await secretTemplates(mine);
      const found = live(there.declared, (title) => present.has(title));
      const problems = [...found].flatMap(([cluster, objects]) => {
        // The objects are those that the stack declares now; what lives there is the owners'.
        const declared = new Map(
          now.declared.find(([one]) => one === cluster)?.[1].map((one) => [`${one.namespace}/${one.name}`, one]),
        );
        const pairs = objects.flatMap(({ declared: { namespace, name }, live: json }) => {
          const one = declared.get(`${namespace}/${name}`);
          return one === undefined ? [] : [{ declared: one, live: json }];
        });
        return sampleProblems(mine, cluster, templates, pairs).map((said) => `${cluster}: ${said}`);
      });
      const refused = new Set(
        problems.map((said) => said.replace(/^(\S+: )Secret (\S+ \S+): the first up would .*$/, "$1$2")),
      );
      const lost = [...there.texts].filter(([place, before]) => {
        const dependsOnSample = now.texts.get(place) !== then.texts.get(place);
        return present.has(place.split(" ")[1] ?? "") && dependsOnSample && now.texts.get(place) !== before;
      });
      assert.ok(lost.length > 5);
      assert.deepEqual([...refused].sort(), lost.map(([place]) => place).sort());

      const keys = [...found].flatMap(([cluster, objects]) =>
        objects.flatMap(({ declared: { namespace }, live: json }) => liveKeys(cluster, namespace, [json])),
      );
      const { sets } = await planImport(mine.secrets, sourceOf(mine.secrets, templates, keys));
      for (const { secret, text } of sets)
        assert.ok(all.secrets.find(({ key }) => key === secret.key)?.is(text), secret.key);
      const imported = new Map([
        ...texts_("live", true),
        ...sets.map(({ secret, text }) => [secret.key, text] as const),
      ]);
      const after_ = stackWith(stack, imported, "after");
      for (const [cluster, objects] of found) assert.deepEqual(sampleProblems(after_, cluster, templates, objects), []);
      const written = await declaredSecrets(after_);
      for (const [place, before] of lost) assert.equal(written.texts.get(place), before, place);
    });
  });
}
