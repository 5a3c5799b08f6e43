import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "mocha";
import { createLabFolder } from "../../../lab/folder.ts";
import { dataDir } from "../../../lab/openstack/config/shared.ts";
import { ini } from "../../../lab/openstack/config/ini.ts";
import { configuration } from "../../../lab/openstack/configure.ts";
import { createDatabases, marker } from "../../../lab/openstack/databases.ts";
import { labSettings, root } from "../../../lab/settings.ts";

const labs = mkdtempSync(path.join(tmpdir(), "labs-"));

function render(firstPort: number): Readonly<Record<string, string>> {
  const lab = labSettings({ ORRERY_PORTS: String(firstPort), ORRERY_LAB: `${labs}/${firstPort}` });
  createLabFolder(lab.dir, root);
  return configuration({ lab, share: "/cache/share" });
}

describe("configuration of the lab's OpenStack", () => {
  after(() => {
    rmSync(labs, { recursive: true });
  });

  it("ini files are written as oslo.config reads them", () => {
    assert.equal(
      ini({ DEFAULT: { debug: false, workers: 0 }, b: { c: "d" } }),
      "[DEFAULT]\ndebug = false\nworkers = 0\n\n[b]\nc = d\n",
    );
  });

  it("a value that would start a new key is refused", () => {
    assert.throws(() => ini({ a: { password: "x\nadmin = yes" } }), /the value of "password" spans lines/);
  });

  it("databases of a lab that an earlier version made are not taken for complete", async () => {
    const lab = labSettings({ ORRERY_PORTS: "17000", ORRERY_LAB: `${labs}/17000` });
    const mysql = path.join(dataDir(lab), "mysql");
    for (const name of ["nova", "cinder", "neutron", "placement", "keystone", "designate", "glance"])
      mkdirSync(path.join(mysql, name), { recursive: true });
    writeFileSync(marker(lab, "databases"), "");
    const message =
      "this lab was made by an earlier version, without octavia: npm run lab -- reset makes it again, empty";
    await assert.rejects(() => createDatabases(lab, () => undefined), { message });
    mkdirSync(path.join(mysql, "octavia"));
    await createDatabases(lab, () => undefined);
  });

  it("ports, folders, passwords and keys of two labs never overlap", () => {
    const [one, two] = [render(15000), render(16000)];
    assert.deepEqual(Object.keys(one), Object.keys(two));
    const password = /orrery-lab-[0-9a-f]{48}/g;
    const secrets = (files: Readonly<Record<string, string>>): ReadonlySet<string> =>
      new Set(
        Object.values(files).flatMap((text) => text.match(new RegExp(`${password.source}|secret ".*"`, "g")) ?? []),
      );
    assert.equal(secrets(one).size, 2, "a password and rndc's key");
    assert.deepEqual(
      [...secrets(one)].filter((secret) => secrets(two).has(secret)),
      [],
    );
    const plain = (text = ""): string => text.replaceAll(password, "PASSWORD").replace(/secret ".*"/, "");
    for (const [name, text] of Object.entries(one)) {
      assert.doesNotMatch(text, /\/16000|\b16\d{3}\b/, name);
      const moved = text.replaceAll(`${labs}/15000`, `${labs}/16000`).replace(/\b15(\d{3})\b/g, "16$1");
      assert.equal(plain(moved), plain(two[name]), name);
    }
  });

  it("the lab's services listen on loopback only", () => {
    for (const [name, text] of Object.entries(render(15000))) {
      assert.doesNotMatch(text, /0\.0\.0\.0|listen-on-v6 \{ any/, name);
    }
  });

  it("every OpenStack project has its own database", () => {
    const databases = Object.values(render(15000)).flatMap((text) =>
      [...text.matchAll(/@localhost\/(\w+)\?/g)].map((match) => match[1]),
    );
    assert.deepEqual(databases.sort(), [
      "cinder",
      "designate",
      "glance",
      "keystone",
      "neutron",
      "nova",
      "nova_api",
      "octavia",
      "placement",
    ]);
  });
});
