/** A wildcard certificate from a real ACME server: dehydrated with our hook asks Designate, the server asks the lab's BIND. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { readCertificate } from "../../ops/commands/callysto/push-certificate.ts";
import { Authority } from "./callysto/authority.ts";
import { eventually, lab, openstackApi, type Row } from "../../lab/harness/cloud.ts";

const api = openstackApi(lab);
const domain = `acme-${randomBytes(4).toString("hex")}.test`;

describe("certificates from an ACME server", function () {
  this.timeout(300_000);
  let zone: Row;
  let authority: Authority;

  before(async () => {
    zone = await api.post("dns", "/zones", { name: `${domain}.`, email: "hostmaster@example.org" });
    authority = await Authority.open(domain);
  });
  after(async () => {
    await authority.close();
    await api.delete("dns", `/zones/${zone.id}`);
    await eventually(
      "the end of the zone",
      () => api.exists("dns", `/zones/${zone.id}`),
      (there) => !there,
    );
  });

  const challenges = async (): Promise<string[]> =>
    (await api.list("dns", `/zones/${zone.id}/recordsets?type=TXT`)).map(({ name }) => name);

  it("certificates are issued for every name below the domain, and the challenge's record is removed", async () => {
    const said = await authority.renew();
    assert.ok(existsSync(path.join(authority.folder, "fullchain.pem")), said);
    readCertificate(authority.folder, `hub-dev.${domain}`, new Date());
    assert.throws(() => readCertificate(authority.folder, domain, new Date()), /the certificate is for DNS:\*\./);
    const key = execFileSync("openssl", ["rsa", "-in", path.join(authority.folder, "privkey.pem"), "-noout", "-text"], {
      encoding: "utf8",
    });
    assert.match(key, /4096 bit/);
    await eventually("the end of the record", challenges, (names) => names.length === 0);
  });

  it("valid certificates are kept, and due ones are renewed with a new key", async () => {
    const before = readFileSync(path.join(authority.folder, "privkey.pem"), "utf8");
    assert.match(await authority.renew(), /Skipping renew|still longer|Longer than 30 days/i);
    assert.equal(readFileSync(path.join(authority.folder, "privkey.pem"), "utf8"), before);
    const said = await authority.renew("--force");
    assert.notEqual(readFileSync(path.join(authority.folder, "privkey.pem"), "utf8"), before, said);
  });

  it("no certificate is issued when the credential lacks permission, and nothing is left behind", async () => {
    const { secret } = authority;
    const good = readFileSync(secret, "utf8");
    writeFileSync(secret, "wrong\n");
    try {
      assert.match(await authority.renew("--force"), /acme-hook: POST .*\/auth\/tokens: 401/);
      assert.deepEqual(await challenges(), []);
    } finally {
      writeFileSync(secret, good);
    }
  });
});
