import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { checkHalves } from "../../../ops/commands/callysto/replace-volume.ts";
import { volumes } from "../audit/decision/project.ts";

describe("the disks of a hub's pool", () => {
  const [one, two, three] = volumes;
  const disk = (id: string): string => `/dev/disk/by-id/virtio-${id.slice(0, 20)}-part1`;

  it("are the two volumes of the settings, before one of them is replaced", () => {
    checkHalves("hub", [disk(one), disk(two)], [one, two]);
    checkHalves("hub", [disk(two), `/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_${one}-part1`], [one, two]);
  });

  it("are others where a replacement was begun and not deployed: then both halves would go at once, so it is refused", () => {
    const problem =
      /^Error: pool tank of hub is on \S+ and \S+, the settings say volumes 3\S+ and 2\S+: one volume is replaced at a time/;
    assert.throws(() => {
      checkHalves("hub", [disk(one), disk(two)], [three, two]);
    }, problem);
    assert.throws(() => {
      checkHalves("hub", [disk(one)], [one, two]);
    }, /pool tank of hub is on/);
  });
});
