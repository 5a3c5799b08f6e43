/** Finding 24: what is taken for something else, volumes by their names and secrets by their ciphertexts. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { StackFile } from "../../../config/stackFile.ts";
import { isVolumeOf } from "../../../ops/commands/callysto/rebuild.ts";
import { movedSecrets } from "../../../review/compareCommits.ts";
import { markdown } from "../../../review/report/markdown.ts";

describe("the volumes of an environment", () => {
  const urn = (environment: string): string =>
    `urn:pulumi:prod::orrery::openstack:blockstorage/volume:Volume::callysto-${environment}-host-volumes-zfs-01`;

  it("a rebuild with new volumes takes none of an environment whose name begins alike", () => {
    const names = ["hub", "hub-host-x", "hub-host-volumes", "hub-host", "a"];
    for (const environment of names)
      assert.deepEqual(
        names.filter((name) => isVolumeOf(environment, urn(name))),
        [environment],
      );
  });
});

describe("ciphertexts that change their keys", () => {
  const file = (secrets: Readonly<Record<string, string>>): StackFile => ({
    text: "",
    encryptionSalt: undefined,
    provider: undefined,
    entries: new Map([
      ...Object.entries(secrets).map(([key, value]): [string, { value: string; secret: boolean }] => [
        key,
        { value, secret: true },
      ]),
      ["a:settings", { value: "one", secret: false }],
    ]),
  });
  const before = file({ "prow:hmac": "one", "thoth:token": "two", "packit:key": "three" });

  it("a swapped and a copied one are risks in a review, which needs no passphrase", () => {
    const swapped = file({ "prow:hmac": "two", "thoth:token": "one", "packit:key": "three", "dials:new": "three" });
    const moved = movedSecrets(before, swapped);
    assert.deepEqual(moved, [
      { key: "prow:hmac", from: "thoth:token" },
      { key: "thoth:token", from: "prow:hmac" },
      { key: "dials:new", from: "packit:key" },
    ]);
    const report = markdown([{ stack: "prod", changes: [], moved }], "a", "b");
    assert.match(report, /^Nothing in any stack \(prod\); :no_entry: \*\*3 to check before merging\*\*$/m);
    assert.match(
      report,
      /^- `prod` `prow:hmac`: has the ciphertext that `thoth:token` had; was it swapped or copied\?$/m,
    );
  });

  it("a new text, a removed one and none at all are not", () => {
    assert.deepEqual(movedSecrets(before, file({ "prow:hmac": "new", "thoth:token": "two" })), []);
    assert.deepEqual(movedSecrets(before, undefined), []);
    assert.deepEqual(movedSecrets(undefined, before), []);
  });
});
