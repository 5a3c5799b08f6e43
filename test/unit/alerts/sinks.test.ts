/** Each sink sends to a real receiver on this machine. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, it } from "mocha";
import { SMTPServer } from "smtp-server";
import { sinksOf } from "../../../ci/alerts/sinks.ts";

const message = { title: "Orrery, prod: 1 new problem", text: "BAD prod: packit, <worker> & co: ü" };

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe("sinks of alerts", () => {
  let server: Server;
  let base: string;
  let status = 200;
  const received: Received[] = [];
  before(async () => {
    server = createServer((request: IncomingMessage, response) => {
      void textOf(request).then((text) => {
        const { method, url, headers } = request;
        received.push({
          method,
          url,
          authorization: headers.authorization,
          body: JSON.parse(text) as Received["body"],
        });
        response.writeHead(status).end("{}");
      });
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());
  beforeEach(() => {
    received.length = 0;
    status = 200;
  });
  const send = async (env: NodeJS.ProcessEnv): Promise<void> => {
    const sinks = sinksOf(env);
    assert.equal(sinks.length, 1);
    await sinks[0]?.send(message);
  };

  it("Slack gets text without its own markup", async () => {
    await send({ ALERT_SLACK_WEBHOOK: `${base}/services/T0/B0/word` });
    assert.deepEqual(received, [
      {
        ...{ method: "POST", url: "/services/T0/B0/word", authorization: undefined },
        body: { text: "Orrery, prod: 1 new problem\nBAD prod: packit, &lt;worker&gt; &amp; co: ü" },
      },
    ]);
  });

  it("a webhook that refuses or is away is named without its path, which is its password", async () => {
    status = 404;
    await assert.rejects(
      send({ ALERT_SLACK_WEBHOOK: `${base}/services/word` }),
      /^Error: Slack's webhook at 127\.0\.0\.1:\d+ refused the message with 404$/,
    );
    await assert.rejects(send({ ALERT_SLACK_WEBHOOK: "http://127.0.0.1:1/services/word" }), (error: Error) => {
      assert.match(error.message, /^Slack's webhook at 127\.0\.0\.1:1 does not answer: /);
      assert.doesNotMatch(error.message, /word/);
      return true;
    });
  });

  it("Matrix gets a message in the room, by a transaction of its own each", async () => {
    const env = { ALERT_MATRIX_SERVER: `${base}/`, ALERT_MATRIX_ROOM: "!a:b.test", ALERT_MATRIX_TOKEN: "syt_x" };
    await send(env);
    await send(env);
    const [one, two] = received;
    assert.match(one?.url ?? "", /^\/_matrix\/client\/v3\/rooms\/!a%3Ab\.test\/send\/m\.room\.message\/[\w-]{36}$/);
    assert.notEqual(one?.url, two?.url);
    assert.deepEqual(
      [one?.method, one?.authorization, one?.body],
      ["PUT", "Bearer syt_x", { msgtype: "m.text", body: `${message.title}\n${message.text}` }],
    );
  });

  it("a sink that is named by half is refused, and none is no sink", () => {
    assert.deepEqual(sinksOf({ ALERT_SLACK_WEBHOOK: "" }), []);
    assert.throws(
      () => sinksOf({ ALERT_MATRIX_SERVER: "https://m.test" }),
      /ALERT_MATRIX_ROOM and ALERT_MATRIX_TOKEN: not set, and /,
    );
    const mail = { ALERT_MAIL_FROM: "a@b.test", ALERT_MAIL_TO: "c@d.test" };
    assert.throws(
      () => sinksOf({ ...mail, ALERT_SMTP_URL: "mail.test:25" }),
      /ALERT_SMTP_URL is no address such as smtps/,
    );
  });

  describe("mail", () => {
    const letters: { from: string; to: string[]; text: string }[] = [];
    const logins: string[] = [];
    const smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ["STARTTLS"],
      allowInsecureAuth: true,
      onAuth(login, _, done) {
        logins.push(login.username ?? "");
        done(null, { user: "x" });
      },
      onData(stream, { envelope }, done) {
        void textOf(stream as AsyncIterable<Buffer>).then((text) => {
          const from = envelope.mailFrom === false ? "" : envelope.mailFrom.address;
          letters.push({ from, to: envelope.rcptTo.map(({ address }) => address), text });
          done();
        });
      },
    });
    let port = 0;
    before(async () => {
      const listening = smtp.listen(0, "127.0.0.1");
      await new Promise((done) => listening.once("listening", done));
      port = (listening.address() as AddressInfo).port;
    });
    after((done) => {
      smtp.close(done);
    });
    const env = (address: string): NodeJS.ProcessEnv => {
      return { ALERT_SMTP_URL: address, ALERT_MAIL_FROM: "orrery@b.test", ALERT_MAIL_TO: "ops@d.test, team@d.test" };
    };

    it("mail reaches every receiver, with title and text", async () => {
      await send(env(`smtp://127.0.0.1:${port}`));
      const [letter] = letters;
      assert.deepEqual([letter?.from, letter?.to], ["orrery@b.test", ["ops@d.test", "team@d.test"]]);
      assert.match(letter?.text ?? "", /^Subject: Orrery, prod: 1 new problem\r$/m);
      assert.match(letter?.text ?? "", /BAD prod: packit, <worker> & co: (ü|=C3=BC)/);
    });

    it("a password is not sent to a server without TLS, nor said", async () => {
      await assert.rejects(send(env(`smtp://user:hunter2@127.0.0.1:${port}`)), (error: Error) => {
        assert.match(error.message, /^the mail server 127\.0\.0\.1 did not take the message: /);
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      });
      assert.deepEqual(logins, []);
    });
  });
});
