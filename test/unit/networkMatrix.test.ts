/** The NetworkPolicies of the committed stacks against the table of who talks to whom. */
import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import { datagrams, datagramsOf } from "../live/network/datagrams.ts";
import { allowed, type Endpoint, type Policy } from "../live/network/evaluate.ts";
import { expected, lineOf, overIpv6, rowsFor, pairsOf, type World, worldOf } from "../live/network/matrix.ts";
import { expectations } from "../live/network/expectations.ts";
import { stacks } from "./harness.ts";
import { renderedStack } from "./recordings.ts";

for (const stack of stacks) {
  describe(`who may talk to whom in stack ${stack}`, () => {
    let world: World;
    before(async () => {
      world = worldOf(stack, await renderedStack(stack));
    });

    it("what a program needs is allowed, also where address blocks do not mean pods", () => {
      const missing = pairsOf(world)
        .filter(({ from, to, port }) => expected(stack, from, to, port) === "needed")
        .filter(({ from, to, port }) => !allowed(world.policies, from, to, port, false))
        .map(lineOf);
      assert.deepEqual(missing, []);
    });

    it("everything else is refused, also where address blocks mean pods", () => {
      const open = pairsOf(world)
        .filter(({ from, to, port }) => expected(stack, from, to, port) === "refused")
        .filter(({ from, to, port }) => allowed(world.policies, from, to, port, true))
        .map(lineOf);
      assert.deepEqual(open, []);
    });

    it("over IPv6 pods reach each other as over IPv4, and nothing more is open", () => {
      const wrong = pairsOf(overIpv6(world)).flatMap((pair) => {
        const { from, to, port } = pair;
        const wanted = expected(stack, from, to, port);
        const pods = from.namespace !== undefined && to.namespace !== undefined;
        if (wanted === "needed" && pods && !allowed(world.policies, from, to, port, false)) return [lineOf(pair)];
        return wanted === "refused" && allowed(world.policies, from, to, port, true) ? [lineOf(pair)] : [];
      });
      assert.deepEqual(wrong, []);
    });

    it("datagrams reach the world where the table says so, and nowhere else", () => {
      const wrong = datagramsOf(world).filter(({ from, to, port }) => {
        const wanted = expected(stack, from, to, port, datagrams);
        return (wanted !== "refused") !== allowed(world.policies, from, to, port, false, "UDP");
      });
      assert.deepEqual(wrong.map(lineOf), []);
    });
  });
}

describe("the reader of NetworkPolicies", () => {
  const pod = (name: string, namespace: string): Endpoint => ({
    ...{ name, namespace, cluster: "one", address: "10.1.2.3", labels: { app: name } },
    ...{ namespaceLabels: { team: namespace }, ports: [{ name: "web", containerPort: 8080 }] },
  });
  const policy = (spec: Policy["spec"]): Policy => ({
    ...{ cluster: "one", metadata: { namespace: "here", name: "one" } },
    spec: { podSelector: { matchLabels: { app: "server" } }, ...spec },
  });
  const [server, client, far] = [pod("server", "here"), pod("client", "here"), pod("client", "there")];

  it("isolates only the pods that a policy selects, only in its directions", () => {
    const closed = [policy({})];
    assert.equal(allowed(closed, client, server, 8080, true), false);
    assert.equal(allowed(closed, server, client, 8080, true), true);
    assert.equal(allowed([policy({ policyTypes: ["Egress"] })], client, server, 8080, true), true);
    assert.equal(allowed([policy({ policyTypes: ["Egress"] })], server, client, 8080, true), false);
  });

  it("knows peers by pod and namespace, and ports by number, range and the receiver's names", () => {
    const own = [policy({ ingress: [{ from: [{ podSelector: {} }], ports: [{ port: "web" }] }] })];
    assert.equal(allowed(own, client, server, 8080, true), true);
    assert.equal(allowed(own, client, server, 8081, true), false);
    assert.equal(allowed(own, far, server, 8080, true), false);
    const other = { namespaceSelector: { matchExpressions: [{ key: "team", operator: "In", values: ["there"] }] } };
    const range = [policy({ ingress: [{ from: [other], ports: [{ port: 8000, endPort: 8090 }] }] })];
    assert.equal(allowed(range, far, server, 8090, true), true);
    assert.equal(allowed(range, far, server, 8091, true), false);
    assert.equal(allowed(range, client, server, 8080, true), false);
  });

  it("takes address blocks with exceptions, for pods only where they mean pods", () => {
    const world: Endpoint = { name: "outside", cluster: "one", address: "203.0.113.10", ...none };
    const block = (except: string[]) => [
      policy({ policyTypes: ["Egress"], egress: [{ to: [{ ipBlock: { cidr: "0.0.0.0/0", except } }] }] }),
    ];
    assert.equal(allowed(block([]), server, world, 443, false), true);
    assert.equal(allowed(block(["203.0.113.0/28"]), server, world, 443, true), false);
    assert.equal(allowed(block([]), server, client, 443, false), false);
    assert.equal(allowed(block([]), server, client, 443, true), true);
    assert.equal(allowed(block(["10.0.0.0/8"]), server, client, 443, true), false);
  });

  it("a port is of its protocol", () => {
    const kerberos = [policy({ ingress: [{ ports: [{ port: 88, protocol: "UDP" }] }] })];
    assert.equal(allowed(kerberos, client, server, 88, true), false);
    assert.equal(allowed(kerberos, client, server, 88, true, "UDP"), true);
    assert.equal(allowed([policy({ ingress: [{ ports: [{ port: 88 }] }] })], client, server, 88, true, "UDP"), false);
  });

  it("an address block is of one family", () => {
    const world: Endpoint = { name: "outside", cluster: "one", address: "2001:db8::10", ...none };
    const block = (cidr: string, except: string[] = []) => [
      policy({ policyTypes: ["Egress"], egress: [{ to: [{ ipBlock: { cidr, except } }] }] }),
    ];
    assert.equal(allowed(block("0.0.0.0/0"), server, world, 443, true), false);
    assert.equal(allowed(block("::/0"), server, world, 443, true), true);
    assert.equal(allowed(block("::/0", ["2001:db8::/32"]), server, world, 443, true), false);
    assert.equal(allowed(block("::/0"), server, client, 443, true), false);
  });
});

const none = { labels: {}, namespaceLabels: {}, ports: [] } as const;

describe("the table of who talks to whom", () => {
  it("has no dead row: each is about a connection that some stack allows", async () => {
    const worlds: World[] = [];
    for (const stack of stacks) worlds.push(worldOf(stack, await renderedStack(stack)));
    const sent = worlds.flatMap((world) =>
      datagramsOf(world)
        .filter(({ from, to, port }) => allowed(world.policies, from, to, port, true, "UDP"))
        .flatMap(({ from, to, port }) => rowsFor(world.stack, from, to, port, datagrams)),
    );
    const seen = new Set([
      ...sent,
      ...worlds.flatMap((world) =>
        pairsOf(world)
          .filter(({ from, to, port }) => allowed(world.policies, from, to, port, true))
          .flatMap(({ from, to, port }) => rowsFor(world.stack, from, to, port)),
      ),
    ]);
    assert.deepEqual(
      [...expectations, ...datagrams].filter((row) => !seen.has(row)),
      [],
    );
  });
});
