/** The proxy of the fault suite and the fault profiles it draws; what the clouds make of it is shown on a lab. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, it } from "mocha";
import { type Fault, openProxy, type Proxy } from "../live/faults/proxy.ts";
import { drawFaultProfile, faultOf, requestKind, type FaultProfile } from "../live/faults/faultProfile.ts";
import { random } from "../../lab/random.ts";

const text = "0123456789";

describe("the fault suite's proxy", () => {
  let api: Server;
  let proxy: Proxy;
  let asked: string[];
  let faults: (Fault | undefined)[];
  before(async () => {
    api = createServer((incoming: IncomingMessage, outgoing) => {
      let body = "";
      incoming.on("data", (chunk: Buffer) => (body += chunk.toString()));
      incoming.on("end", () => {
        asked.push(`${incoming.method ?? ""} ${incoming.url ?? ""} ${body}`.trim());
        outgoing.end(text);
      });
    });
    await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
    const upstream = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
    proxy = await openProxy(upstream, () => faults.shift(), { rewrite: (body) => body.replace("0", "zero") });
  });
  beforeEach(() => {
    asked = [];
    faults = [];
  });
  after(async () => {
    await proxy.close();
    api.close();
  });

  const post = (fault?: Fault): Promise<Response> => {
    faults = [fault];
    return fetch(`${proxy.url}/thing?a=1`, { method: "POST", body: "words" });
  };

  it("the proxy passes on requests without a fault, with proxy names in the answer", async () => {
    assert.equal(await (await post()).text(), "zero123456789");
    assert.deepEqual(asked, ["POST /thing?a=1 words"]);
  });

  it("the proxy answers instead of the API, after the API has acted or without asking it", async () => {
    const busy = await post({ kind: "status", status: 429, done: false });
    assert.deepEqual([busy.status, busy.headers.get("retry-after"), asked], [429, "1", []]);
    const broken = await post({ kind: "status", status: 500, done: true });
    assert.deepEqual([broken.status, broken.headers.get("retry-after")], [500, null]);
    assert.deepEqual(asked, ["POST /thing?a=1 words"]);
    assert.equal((await post({ kind: "status", status: 504, after: 1, done: true })).status, 504);
  });

  it("the proxy resets connections before the API is called or after it has acted", async () => {
    const reason = async (fault: Fault): Promise<string> => {
      const failed = await post(fault).then(
        () => undefined,
        (error: unknown) => error as Error,
      );
      return (failed?.cause as NodeJS.ErrnoException | undefined)?.code ?? "";
    };
    assert.equal(await reason({ kind: "reset", done: false }), "ECONNRESET");
    assert.deepEqual(asked, []);
    assert.equal(await reason({ kind: "reset", done: true }), "ECONNRESET");
    assert.deepEqual(asked, ["POST /thing?a=1 words"]);
  });

  it("the proxy breaks an answer off in the middle", async () => {
    const answer = await post({ kind: "truncated" });
    assert.equal(answer.headers.get("content-length"), String(text.length));
    await assert.rejects(answer.text(), /terminated/);
    assert.deepEqual(asked, ["POST /thing?a=1 words"]);
  });

  it("the proxy delays an answer or changes it", async () => {
    assert.equal(await (await post({ kind: "slow", milliseconds: 5 })).text(), "zero123456789");
    assert.equal(await (await post({ kind: "rewritten", rewrite: (body) => `${body}!` })).text(), `${text}!`);
  });

  it("the proxy closes the connection when the API does", async () => {
    const nobody = await openProxy("http://127.0.0.1:9", () => undefined);
    await assert.rejects(fetch(nobody.url), /fetch failed/);
    await nobody.close();
  });
});

describe("fault profiles", () => {
  const profile: FaultProfile = { hits: "writes", share: 0.4, burst: 2 };
  const ports = { service: "neutron", method: "POST", path: "/v2.0/ports" };
  const row = (seed: string, asked = ports, kind = profile): (Fault | undefined)[] =>
    Array.from({ length: 400 }, (_, nth) => faultOf(seed, kind, asked, nth));

  it("a fault profile is the same for the same seed, and differs for another", () => {
    assert.deepEqual(row("a"), row("a"));
    assert.notDeepEqual(row("a"), row("b"));
  });

  it("a fault profile hits its share of requests, each for as many attempts in a row as it says", () => {
    const injected = row("a").map((fault) => fault !== undefined);
    assert.ok(Math.abs(injected.filter(Boolean).length / 400 - 0.4) < 0.08);
    for (let nth = 0; nth < 400; nth += 2) assert.equal(injected[nth], injected[nth + 1]);
    const none = Array.from({ length: 400 }, () => undefined);
    assert.deepEqual(row("a", { ...ports, method: "GET" }), none);
    assert.deepEqual(row("a", ports, { ...profile, only: "cinder" }), none);
    const kinds = new Set(row("a").map((fault) => (fault?.kind === "status" ? fault.status : fault?.kind)));
    assert.deepEqual([...kinds].map(String).sort(), ["429", "500", "503", "504", "reset", "slow", "truncated", "undefined"]); // prettier-ignore
  });

  it("requests for resources of one kind count as the same, whatever their ids", () => {
    const path = "/v3/0123456789abcdef0123456789abcdef/volumes/01234567-89ab-cdef-0123-456789abcdef?a=b";
    assert.equal(requestKind({ service: "cinder", method: "GET", path }), "cinder GET /v3/ID/volumes/ID");
  });

  it("fault profiles are drawn from a seed", () => {
    const draws = (): FaultProfile[] => {
      const draw = random(7);
      return Array.from({ length: 50 }, () => drawFaultProfile(draw, ["nova", "kubernetes"]));
    };
    assert.deepEqual(draws(), draws());
    assert.ok(draws().some(({ only }) => only === "nova") && draws().some(({ hits }) => hits === "all"));
  });
});
