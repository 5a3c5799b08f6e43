/** Mail over TLS, from its first byte or by STARTTLS, to a real server whose certificate the sender trusts or not. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { SMTPServer } from "smtp-server";
import { sample, sampleCertificate } from "../../../config/samples.ts";
import { projectDir } from "../../../config/stackFile.ts";

const program = `
import { sinksOf } from "./ci/alerts/sinks.ts";
try {
  for (const sink of sinksOf(process.env)) await sink.send({ title: "Orrery", text: "BAD" });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}`;

describe("mail over TLS", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "orrery-mail-"));
  const trusted = path.join(dir, "certificate.pem");
  const [certificate, key] = [sampleCertificate("mail", ["localhost"]), sample("pem-private-key", "mail")];
  const logins: string[] = [];
  const letters: boolean[] = [];
  const servers = new Map<string, SMTPServer>();
  const ports = new Map<string, number>();

  before(async () => {
    writeFileSync(trusted, certificate);
    for (const scheme of ["smtps", "smtp"]) {
      const server = new SMTPServer({
        ...{ secure: scheme === "smtps", cert: certificate, key },
        onAuth({ username, password }, _, done) {
          logins.push(`${username ?? ""} ${password ?? ""}`);
          done(null, { user: "x" });
        },
        onData(stream, { secure }, done) {
          stream.resume().on("end", () => {
            letters.push(secure);
            done();
          });
        },
      });
      // A sender that does not trust the certificate ends the handshake.
      server.on("error", () => undefined);
      const listening = server.listen(0, "localhost");
      await new Promise((done) => listening.once("listening", done));
      servers.set(scheme, server);
      ports.set(scheme, (listening.address() as AddressInfo).port);
    }
  });
  after(async () => {
    for (const server of servers.values())
      await new Promise<void>((done) => {
        server.close(done);
      });
    rmSync(dir, { recursive: true });
  });

  /** Sends one letter from a process of its own: what Node trusts is read when it starts. */
  function send(
    scheme: string,
    env: NodeJS.ProcessEnv,
  ): Promise<{ readonly code: number | null; readonly said: string }> {
    const address = `${scheme}://ops:hunter2@localhost:${ports.get(scheme) ?? 0}`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: projectDir,
      env: { PATH: "", ALERT_SMTP_URL: address, ALERT_MAIL_FROM: "a@b.test", ALERT_MAIL_TO: "c@d.test", ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    return new Promise((resolve) => {
      child.on("close", (code) => {
        resolve({ code, said });
      });
    });
  }

  for (const scheme of ["smtps", "smtp"]) {
    it(`${scheme}: the password and the letter go encrypted to a server that is trusted`, async () => {
      [logins.length, letters.length] = [0, 0];
      assert.deepEqual(await send(scheme, { NODE_EXTRA_CA_CERTS: trusted }), { code: 0, said: "" });
      assert.deepEqual([logins, letters], [["ops hunter2"], [true]]);
    });

    it(`${scheme}: a server with another certificate gets neither, and the message does not have the password`, async () => {
      [logins.length, letters.length] = [0, 0];
      const { code, said } = await send(scheme, {});
      assert.equal(code, 1);
      assert.match(said, /^the mail server localhost did not take the message: self-signed certificate\b[^\n]*\n$/);
      assert.deepEqual([logins, letters], [[], []]);
    });
  }
});
