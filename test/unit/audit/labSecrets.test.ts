/** Findings 3 and 14: a lab's password is its own, and a stack's own secrets stay out of it. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "mocha";
import { schemas } from "../../../components/registry.ts";
import { openSalt } from "../../../config/passphrase.ts";
import { isFromLab } from "../../../config/preflight/samplePassphrase.ts";
import { publicKeyLine, samplePassphrase } from "../../../config/samples.ts";
import { setAt, setSecret } from "../../../config/stackEdit.ts";
import { readStackFile, secretsOf, stackPath } from "../../../config/stackFile.ts";
import { createLabFolder } from "../../../lab/folder.ts";
import { retarget } from "../../../lab/retarget.ts";
import { labSettings, root } from "../../../lab/settings.ts";

const dir = mkdtempSync(path.join(tmpdir(), "labSecrets-"));

describe("the lab's secrets", () => {
  after(() => {
    rmSync(dir, { recursive: true });
  });

  it("each lab has a random password, which only its owner can read and which is kept", () => {
    const [one, two] = ["one", "two"].map((name) => {
      const lab = labSettings({ ORRERY_LAB: path.join(dir, name) });
      createLabFolder(lab.dir, root);
      return lab;
    });
    assert.ok(one !== undefined && two !== undefined);
    assert.match(one.password, /^orrery-lab-[0-9a-f]{48}$/);
    assert.notEqual(one.password, two.password);
    assert.equal(statSync(one.dir).mode & 0o777, 0o700);
    assert.equal(statSync(path.join(one.dir, "password")).mode & 0o777, 0o600);
    const before = one.password;
    createLabFolder(one.dir, root);
    assert.equal(one.password, before);
    assert.ok(isFromLab(one.password), "the copy of a stack's file that has it is still known as the lab's");
    assert.ok(!isFromLab(`${one.password}0`));
  });

  it("a command that asks for the password of a lab that does not exist says how to start it", () => {
    const lab = labSettings({ ORRERY_LAB: path.join(dir, "none") });
    assert.throws(() => lab.password, /^Error: there is no lab in .*none; start it: npm run lab -- up$/);
  });

  it("a stack's own secrets are samples in the lab, together with their public halves, unless they are asked for", () => {
    const [source, target] = [path.join(dir, "source.yaml"), path.join(dir, "target.yaml")];
    const lab = { ports: { keystone: 16000, kubernetes: 16030 }, password: "of-the-lab" };
    const stack = readStackFile(stackPath("prod"));
    const crypter = openSalt(stack.encryptionSalt ?? "", samplePassphrase("prod"));
    const mine = publicKeyLine("mine").replace("orrery-sample", "mine");
    const own = ["callysto:deployPrivateKey", "prow:githubToken"];
    const real = own.reduce((text, key) => setSecret(text, key, crypter.encrypt(`REAL ${key}`)), stack.text);
    writeFileSync(source, setAt(real, ["config", "callysto:settings", "deployKey"], mine));
    const textsOf = (realSecrets: boolean): { replaced: readonly string[]; secrets: string[]; deployKey: string } => {
      const { replaced } = retarget(source, target, lab, samplePassphrase("prod"), realSecrets);
      const { entries } = readStackFile(target);
      const settings = JSON.parse(entries.get("callysto:settings")?.value ?? "") as { deployKey: string };
      const secrets = own.map((key) => crypter.decrypt(entries.get(key)?.value ?? ""));
      return { replaced, secrets, deployKey: settings.deployKey };
    };
    const samples = secretsOf(stack, Object.values(schemas));
    assert.deepEqual(textsOf(false), {
      replaced: own,
      secrets: own.map((key) => samples.get(key)?.sample()),
      deployKey: publicKeyLine("callysto:deployPrivateKey"),
    });
    assert.doesNotMatch(readFileSync(target, "utf8"), / mine$/m);
    const kept = { replaced: [], secrets: own.map((key) => `REAL ${key}`), deployKey: mine };
    assert.deepEqual(textsOf(true), kept);
  });
});
