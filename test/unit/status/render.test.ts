import assert from "node:assert/strict";
import { request } from "node:http";
import { describe, it } from "mocha";
import { statusPage } from "../../../ops/lib/status/render/page.ts";
import { terminalText } from "../../../ops/lib/status/render/terminal.ts";
import type { Report } from "../../../ops/lib/status/row.ts";
import { serve } from "../../../ops/lib/status/serve.ts";

const report: Report = {
  stack: "prod",
  at: "2026-11-23T12:00:00.000Z",
  seconds: 2.345,
  systems: ["packit", "prow"],
  rows: [
    { source: "workloads", system: "packit", part: "packit-prod/redis", state: "ok", text: "1 of 1 pods are ready" },
    {
      source: "workloads",
      system: "packit",
      part: "packit-prod/worker",
      state: "bad",
      text: "0 of 1",
      since: "2026-11-23T11:00:00Z",
    },
    { source: "hosts", system: "packit", part: "a.test", state: "warn", text: "</script>\u001b[2J" },
    { source: "workloads", system: "prow", part: "prow/deck", state: "ok", text: "1 of 1 pods are ready" },
  ],
  sources: [{ name: "workloads", target: "cluster online", seconds: 1 }],
};

const shown = { title: "prod", reports: [report] };

/** One request with a Host of its own. */
function get(
  port: number,
  path: string,
  host: string,
  method = "GET",
): Promise<{ status: number; text: string; policy: string }> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path, method, headers: { host } }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => {
        resolve({
          status: response.statusCode ?? 0,
          text,
          policy: String(response.headers["content-security-policy"]),
        });
      });
    })
      .on("error", reject)
      .end();
  });
}

describe("rendering a status", () => {
  it("the terminal shows a line a system, and what is wrong, worst first", () => {
    assert.equal(
      terminalText(report, { all: false, colour: false }),
      `prod at 2026-11-23T12:00:00Z: 1 sources answered, in 2.3 s
packit  BAD      3 parts, 1 bad, 1 warning
  BAD      packit-prod/worker: 0 of 1, for 60 min
  WARNING  a.test: </script>
prow    ok       1 part`,
    );
    assert.match(terminalText(report, { all: true, colour: false }), /\n {2}ok {7}prow\/deck: 1 of 1 pods are ready/);
    assert.ok(terminalText(report, { all: false, colour: true }).includes("\u001b[31mBAD"));
  });

  it("no text of a row can end the page's script element", () => {
    const html = statusPage({ title: "prod", reports: [report] });
    assert.equal(html.split("</script>").length, 3);
    const [, json = ""] = /type="application\/json">([\s\S]*?)<\/script>/.exec(html) ?? [];
    assert.deepEqual(JSON.parse(json), { title: "prod", reports: [report] });
    assert.doesNotMatch(html, /\/\*(STYLE|DATA|SCRIPT)\*\/|https?:\/\/(?!www\.w3\.org)/);
  });

  it("the server answers this machine by its own names only, and only to be read", async () => {
    const served = await serve(0, 30, () => shown);
    const { port: text, hostname } = new URL(served.url);
    const port = Number(text);
    try {
      assert.equal(hostname, "127.0.0.1");
      const page = await get(port, "/", `localhost:${port}`);
      assert.equal(page.status, 200);
      assert.match(page.text, /"every":30/);
      assert.match(page.policy, /default-src 'none'/);
      assert.deepEqual(JSON.parse((await get(port, "/status.json", `127.0.0.1:${port}`)).text), [report]);
      const statuses = [
        await get(port, "/status.json", `rebound.example:${port}`),
        await get(port, "/elsewhere", `localhost:${port}`),
        await get(port, "/", `localhost:${port}`, "POST"),
      ].map(({ status }) => status);
      assert.deepEqual(statuses, [403, 404, 405]);
      await assert.rejects(
        serve(port, 30, () => shown),
        new RegExp(`port ${port} is taken`),
      );
    } finally {
      await served.close();
    }
  });
});
