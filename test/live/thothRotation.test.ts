/** New certificates for Dgraph under the same keys, according to openssl: old clients are let in until they are restarted. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { SystemOnLab } from "../../lab/harness/system.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import { secretOf, TlsFolder } from "./thoth/openssl.ts";

describe("Dgraph's certificates of stack test", function () {
  this.timeout(900_000);
  let test: SystemOnLab;
  before(async () => {
    await installPackages(["openssl"], () => undefined);
    test = await SystemOnLab.open("thoth", "test");
    await test.assertDeploys();
  });
  after(() => test.close("aicoe-test", "aicoe-test-bots", "thoth-test-core"));

  it("rotate-dgraph-certificates issues new certificates under the same authority", async () => {
    const before_ = await secretOf("thoth-test-core", "dgraph-tls");
    const dry = await test.ops(["rotate-dgraph-certificates", "--dry-run", "--json"]);
    assert.equal((JSON.parse(dry.stdout) as { replace: string[] }).replace.length, 2);
    assert.deepEqual(await secretOf("thoth-test-core", "dgraph-tls"), before_);
    const done = await test.ops(["rotate-dgraph-certificates", "--yes"]);
    assert.equal(done.code, 0, done.stdout + done.stderr);
    const now = await secretOf("thoth-test-core", "dgraph-tls");
    assert.equal(now["ca.crt"], before_["ca.crt"]);
    const [old, fresh] = [new TlsFolder(before_), new TlsFolder(now)];
    const mixed = new TlsFolder({ ...now, "client.user.crt": before_["client.user.crt"] ?? "" });
    try {
      for (const file of ["node.crt", "client.user.crt"]) assert.notEqual(old.serial(file), fresh.serial(file), file);
      assert.ok((await fresh.handshake("alpha-public.thoth-test-core.svc")).ok);
      const stale = await mixed.handshake("alpha-public.thoth-test-core.svc");
      assert.ok(stale.ok, `a client that has not been restarted is refused: ${stale.text}`);
    } finally {
      for (const folder of [old, fresh, mixed]) folder.close();
    }
    await test.assertNoChanges();
  });
});
