/** What `lab status` makes of OVN's record of the chassis, in the southbound database's own words (RFC 7047). */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "mocha";
import { reported } from "../../../lab/openstack/health.ts";

const folder = mkdtempSync(path.join(tmpdir(), "chassis-"));

/** Asks a server that gives this result. @returns what was said, and what it was asked */
async function asked(result: unknown): Promise<readonly [said: string, request: string]> {
  let request = "";
  const server = createServer((socket) =>
    socket.on("data", (text) => {
      request += text.toString();
      socket.write(JSON.stringify({ id: 0, result, error: null }));
    }),
  );
  const socket = path.join(folder, "sb.sock");
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  try {
    return [await reported(socket), request];
  } finally {
    server.close();
  }
}

describe("the chassis' health", () => {
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("is when it last reported", async () => {
    const [said, request] = await asked([{ rows: [{ nb_cfg_timestamp: Date.now() - 30_000 }] }]);
    assert.match(said, /^reported (30|31) s ago$/);
    const [database, select] = (JSON.parse(request) as { params: [string, object] }).params;
    assert.equal(database, "OVN_Southbound");
    assert.deepEqual(select, { op: "select", table: "Chassis_Private", where: [], columns: ["nb_cfg_timestamp"] });
  });

  it("is bad two minutes after its last report, before its first, and where the database has no such table", async () => {
    const old = [{ rows: [{ nb_cfg_timestamp: Date.now() - 130_000 }] }];
    for (const result of [old, [{ rows: [] }], [{ error: "unknown table" }]])
      await assert.rejects(asked(result), /^Error: has not reported to OVN for two minutes$/);
  });
});
