/** `node ci/run.mjs drift` with real receivers on this machine: Slack's and Matrix' HTTP, mail, the text file. The engine is a stand-in. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, beforeEach, describe, it } from "mocha";
import { SMTPServer } from "smtp-server";
import { driftProblems, driftText, driftWasAsked } from "../../../ci/alerts/driftIssue.ts";
import { projectDir } from "../../../config/stackFile.ts";
import { type Ran, run } from "../../../ops/lib/process.ts";

const urn = "urn:pulumi:stage::orrery::orrery:thoth:Box$kubernetes:apps/v1:Deployment::web";
const inputs = { metadata: { name: "web", namespace: "thoth" }, token: "secret value" };
const step = { op: "update", urn, newState: { inputs }, diffReasons: ["spec"] };

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe("the nightly look for drift", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "orrery-drift-"));
  const at = (...names: readonly string[]): string => path.join(dir, ...names);
  /** Texts by receiver. */
  const heard: Record<"slack" | "matrix" | "mail", string[]> = { slack: [], matrix: [], mail: [] };
  let slackAnswers = 200;
  let http: Server;
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, _, done) {
      void textOf(stream as AsyncIterable<Buffer>).then((text) => {
        heard.mail.push(/^Subject: (.*)\r$/m.exec(text)?.[1] ?? text);
        done();
      });
    },
  });
  let sinks: NodeJS.ProcessEnv = {};

  before(async () => {
    http = createServer((request, response) => {
      void textOf(request).then((body) => {
        const said = JSON.parse(body) as { readonly text?: string; readonly body?: string };
        const isSlack = request.url === "/slack";
        heard[isSlack ? "slack" : "matrix"].push(said.text ?? said.body ?? "");
        response.writeHead(isSlack ? slackAnswers : 200).end("{}");
      });
    });
    await new Promise<void>((done) => http.listen(0, "127.0.0.1", done));
    const listening = smtp.listen(0, "127.0.0.1");
    await new Promise((done) => listening.once("listening", done));
    const web = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    sinks = {
      ALERT_SLACK_WEBHOOK: `${web}/slack`,
      ...{ ALERT_MATRIX_SERVER: web, ALERT_MATRIX_ROOM: "!r:b.test", ALERT_MATRIX_TOKEN: "matrix-token" },
      ALERT_SMTP_URL: `smtp://127.0.0.1:${(listening.address() as AddressInfo).port}`,
      ...{ ALERT_MAIL_FROM: "orrery@b.test", ALERT_MAIL_TO: "ops@b.test" },
    };
    mkdirSync(at("bin"));
  });
  after(async () => {
    http.close();
    await new Promise<void>((done) => {
      smtp.close(done);
    });
    rmSync(dir, { recursive: true });
  });
  beforeEach(() => {
    for (const texts of Object.values(heard)) texts.length = 0;
  });

  const engine = (text: string): void => {
    writeFileSync(at("bin", "pulumi"), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  };
  const preview = (...steps: readonly object[]): void => {
    engine(`cat <<'END'\n${JSON.stringify({ steps })}\nEND`);
  };
  const look = (): Promise<Ran> =>
    run(
      process.execPath,
      ["ci/run.mjs", "drift", "stage", "--state", at("known.json"), "--textfile", at("drift.prom")],
      { cwd: projectDir, env: { ...sinks, PATH: `${at("bin")}:${process.env.PATH ?? ""}` }, timeout: 60 },
    );
  const counts = (): readonly number[] => [heard.slack.length, heard.matrix.length, heard.mail.length];

  it("each sink hears once when it begins and once when it is over, by name and without values", async () => {
    preview();
    assert.equal((await look()).status, 0);
    assert.deepEqual(counts(), [0, 0, 0]);
    preview(step);
    const { status, stderr } = await look();
    assert.equal(status, 0, stderr);
    assert.deepEqual(counts(), [1, 1, 1]);
    for (const text of [...heard.slack, ...heard.matrix]) {
      assert.match(text, /^Orrery, stage: 1 new problem\nWARNING stage: drift: an up would change 1 resource: update /);
      assert.match(text, /update Deployment thoth\/web: spec$/m);
      assert.doesNotMatch(text, /secret value/);
    }
    assert.equal(heard.mail[0], "Orrery, stage: 1 new problem");
    assert.match(readFileSync(at("drift.prom"), "utf8"), /^orrery_drift_resources\{stack="stage"\} 1$/m);
    preview(step, { ...step, urn: `${urn}-2` });
    assert.equal((await look()).status, 0);
    assert.deepEqual(counts(), [1, 1, 1], "it has begun already");
    preview();
    assert.equal((await look()).status, 0);
    assert.deepEqual(counts(), [2, 2, 2]);
    assert.match(heard.slack[1] ?? "", /^Orrery, stage: 1 over\nOVER stage: drift, since /);
    assert.match(readFileSync(at("drift.prom"), "utf8"), /^orrery_drift_resources\{stack="stage"\} 0$/m);
  });

  it("a sink that does not take its message is named, and gets it the next time; the others hear once", async () => {
    preview(step);
    slackAnswers = 500;
    const { status, stderr } = await look();
    assert.equal(status, 1);
    assert.match(stderr, /^drift: slack: Slack's webhook at \S+ refused the message with 500\n$/);
    slackAnswers = 200;
    assert.equal((await look()).status, 0);
    assert.deepEqual(counts(), [2, 1, 1]);
  });

  it("a preview that fails is a problem of its own, does not end the drift, and leaves no figure behind", async () => {
    engine("echo 'error: incorrect passphrase' >&2; exit 255");
    assert.equal((await look()).status, 0);
    assert.match(heard.slack[0] ?? "", /^BAD stage: drift: the preview failed: error: incorrect passphrase$/m);
    assert.doesNotMatch(heard.slack[0] ?? "", /OVER/);
    assert.ok(existsSync(at("drift.prom")));
    assert.doesNotMatch(readFileSync(at("drift.prom"), "utf8"), /stage/);
    preview();
    assert.equal((await look()).status, 0);
    assert.match(heard.slack[1] ?? "", /^Orrery, stage: 2 over$/m);
  });

  it("drift of a stack that this run did not look at is not over", () => {
    const all = [{ stack: "stage", drifted: [] }];
    assert.deepEqual(driftProblems(all), []);
    assert.equal(driftText(all).open, false);
    assert.equal(driftWasAsked("drift|prod|drifted", all), false);
    assert.equal(driftWasAsked("drift|stage|drifted", all), true);
  });
});
