import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { ini } from "../../../lab/openstack/config/ini.ts";
import { configuration } from "../../../lab/openstack/configure.ts";
import { labSettings } from "../../../lab/settings.ts";

const render = (firstPort: number): Readonly<Record<string, string>> =>
  configuration({
    lab: labSettings({ ORRERY_PORTS: String(firstPort), ORRERY_LAB: `/labs/${firstPort}` }),
    share: "/cache/share",
  });

describe("configuration of the lab's OpenStack", () => {
  it("ini files are written as oslo.config reads them", () => {
    assert.equal(
      ini({ DEFAULT: { debug: false, workers: 0 }, b: { c: "d" } }),
      "[DEFAULT]\ndebug = false\nworkers = 0\n\n[b]\nc = d\n",
    );
  });

  it("a value that would start a new key is refused", () => {
    assert.throws(() => ini({ a: { password: "x\nadmin = yes" } }), /the value of "password" spans lines/);
  });

  it("ports and folders of two labs never overlap", () => {
    const [one, two] = [render(15000), render(16000)];
    assert.deepEqual(Object.keys(one), Object.keys(two));
    for (const [name, text] of Object.entries(one)) {
      assert.doesNotMatch(text, /\/labs\/16000|\b16\d{3}\b/, name);
      assert.equal(
        text
          .replaceAll("/labs/15000", "/labs/16000")
          .replace(/\b15(\d{3})\b/g, "16$1")
          .replace(/secret ".*"/, ""),
        two[name]?.replace(/secret ".*"/, ""),
        name,
      );
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
      "placement",
    ]);
  });
});
