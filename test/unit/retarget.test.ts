import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { retarget, labKubeconfig } from "../../lab/retarget.ts";
import { parseConfig } from "../../config/parse.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { readStackFile, stackPath } from "../../config/stackFile.ts";
import { schemas } from "../../components/registry.ts";
import { committed, stacks } from "./harness.ts";

const all = Object.values(schemas);

/** Settings of a cloud that is retargeted at the lab. */
interface Aimed {
  readonly authUrl: string;
  readonly lab: boolean;
}

describe("retargeting at the lab", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "orrery-aim-"));
  after(() => {
    rmSync(dir, { recursive: true });
  });

  for (const stack of stacks) {
    it(`retargeting points every cluster and cloud of ${stack} at the lab, and changes nothing else`, () => {
      const target = path.join(dir, `Pulumi.${stack}.yaml`);
      const lab = { ports: { keystone: 16000, kubernetes: 16030 }, password: "of-the-lab" };
      const { prerequisites } = retarget(stackPath(stack), target, lab, samplePassphrase(stack));
      const [before, aimed] = [readStackFile(stackPath(stack)), readStackFile(target)];
      assert.equal(aimed.encryptionSalt, before.encryptionSalt);
      // Machines of the lab cannot install restic: their hubs make no backups.
      const kept = [...before.entries.keys()].filter((key) => !key.startsWith("callysto:backups"));
      assert.deepEqual([...aimed.entries.keys()], kept);
      const { environments } = JSON.parse(aimed.entries.get("callysto:settings")?.value ?? '{"environments":{}}') as {
        readonly environments: Readonly<Record<string, { readonly guest?: object }>>;
      };
      for (const { guest = {} } of Object.values(environments)) assert.ok(!("backups" in guest));

      const crypter = committed(stack, aimed.encryptionSalt);
      for (const [key, { value, secret }] of aimed.entries) {
        if (key === "clouds:settings") {
          for (const { authUrl, lab: mark } of Object.values(JSON.parse(value) as Record<string, Aimed>)) {
            assert.deepEqual([authUrl, mark], ["http://127.0.0.1:16000/v3", true]);
          }
        } else if (key === "clusters:settings") {
          const [own, was] = [value, before.entries.get(key)?.value ?? ""].map((one) => JSON.parse(one) as object);
          const marked = Object.entries(was ?? {}).map(([name, one]) => [name, { ...(one as object), lab: true }]);
          assert.deepEqual(own, Object.fromEntries(marked));
        } else if (key.startsWith("clouds:")) {
          assert.equal(crypter.decrypt(value), "of-the-lab");
        } else if (secret && key.startsWith("clusters:")) {
          assert.equal(crypter.decrypt(value), labKubeconfig(lab));
        } else if (key !== "callysto:settings") {
          assert.equal(value, before.entries.get(key)?.value, key);
        }
      }
      const config = new Map(
        [...aimed.entries].map(([key, entry]) => [
          key,
          entry.secret ? { value: crypter.decrypt(entry.value), secret: true } : entry,
        ]),
      );
      assert.deepEqual(parseConfig(config, all).problems, []);
      assert.equal(
        prerequisites.zones.includes("callysto.farm"),
        before.text.includes("callysto.farm: {mode: existing}"),
      );
    });
  }
});
