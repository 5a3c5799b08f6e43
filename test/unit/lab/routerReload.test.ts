import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "mocha";
import { configuration } from "../../../lab/kubernetes/router/haproxy.ts";
import { putIntoForce, revisionAt } from "../../../lab/kubernetes/router/reload.ts";

describe("what the router has in force", () => {
  it("a signal that is lost while the router reads an earlier file is sent again", async () => {
    // As HAProxy 2.6: the first signal came from an earlier change, and the next one is lost meanwhile.
    const answers = ["old", "old", "new"];
    let signals = 0;
    await putIntoForce(
      { revision: () => Promise.resolve(answers[Math.min(signals, 2)]), signal: () => (signals += 1) },
      "new",
    );
    assert.equal(signals, 2);
  });

  it("a router that has the revision, or does not answer yet, gets no signal, which would end one that starts", async () => {
    const answers = [undefined, undefined, "new"];
    let signals = 0;
    await putIntoForce({ revision: () => Promise.resolve(answers.shift()), signal: () => (signals += 1) }, "new");
    assert.deepEqual([signals, answers], [0, []]);
  });

  it("the configuration says its revision where nothing is served", () => {
    const text = configuration([], {
      address: "198.18.65.3",
      certificates: "/etc/list",
      authorityFile: () => "",
      revision: "abc",
    });
    assert.match(text, /backend nothing\n {2}http-request return status 503 .* hdr orrery-revision abc\n/);
  });

  it("the revision is asked for on a new connection each time; nobody there has none", async () => {
    let connections = 0;
    const server = createServer((_, response) => response.setHeader("orrery-revision", "abc").end());
    server.on("connection", () => (connections += 1));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    assert.deepEqual([await revisionAt("127.0.0.1", port), await revisionAt("127.0.0.1", port)], ["abc", "abc"]);
    assert.equal(connections, 2);
    await new Promise((resolve) => server.close(resolve));
    assert.equal(await revisionAt("127.0.0.1", port), undefined);
  });
});
