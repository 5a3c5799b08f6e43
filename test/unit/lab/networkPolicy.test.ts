import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type NetworkPolicy, type Pod, type PolicyInputs, ruleset } from "../../../lab/kubernetes/nodes/policy.ts";

const pod = (name: string, ips: string, more: Partial<Pod["spec"]> = {}, phase = "Running"): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "shop", labels: { app: name } },
  spec: { nodeName: "node-0", containers: [{ ports: [{ name: "http", containerPort: 8080 }] }], ...more },
  status: { podIPs: ips.split(" ").map((ip) => ({ ip })), phase },
});
const policy = (spec: NetworkPolicy["spec"]): NetworkPolicy => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "policy", namespace: "shop" },
  spec,
});
const shop = (...policies: NetworkPolicy[]): PolicyInputs => ({
  pods: [
    pod("web", "100.64.0.2"),
    pod("client", "100.64.0.3"),
    pod("far", "100.64.2.2", { nodeName: "node-1" }),
    pod("ended", "100.64.0.4", {}, "Succeeded"),
  ],
  namespaces: [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", labels: { team: "a" } } },
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "other" } },
  ],
  policies,
});
const web = { matchLabels: { app: "web" } };

/** The rules of one chain. */
function chain(name: string, inputs: PolicyInputs, node = "node-0"): string[] | undefined {
  const [, body] = new RegExp(`chain ${name} \\{\\n([\\s\\S]*?)\\n  \\}`).exec(ruleset(inputs, node)) ?? [];
  return body?.split("\n").map((line) => line.trim());
}

describe("the rules of NetworkPolicies", () => {
  it("without a policy nothing is refused", () => {
    assert.equal(ruleset(shop(), "node-0").includes("drop"), false);
  });

  it("a pod that a policy selects receives only what the policy allows, named ports included", () => {
    const from = [{ podSelector: { matchLabels: { app: "client" } } }];
    const inputs = shop(
      policy({ podSelector: web, policyTypes: ["Ingress"], ingress: [{ from, ports: [{ port: "http" }] }] }),
    );
    assert.deepEqual(chain("to_100_64_0_2", inputs), ["ip saddr { 100.64.0.3 } tcp dport 8080 return", "drop"]);
    assert.equal(chain("from_100_64_0_2", inputs), undefined);
  });

  it("where a policy allows 6443, the port of the lab's API server is allowed as well", () => {
    const out = policy({ podSelector: web, policyTypes: ["Egress"], egress: [{ ports: [{ port: 6443 }] }] });
    assert.deepEqual(chain("from_100_64_0_2", { ...shop(out), apiPort: 15030 }), [
      "tcp dport 15030 return",
      "tcp dport 6443 return",
      "drop",
    ]);
    assert.deepEqual(chain("from_100_64_0_2", shop(out)), ["tcp dport 6443 return", "drop"]);
  });

  it("a policy without rules refuses everything, and one with an empty rule allows everything", () => {
    assert.deepEqual(chain("to_100_64_0_2", shop(policy({ podSelector: web, policyTypes: ["Ingress"] }))), ["drop"]);
    const open = policy({ podSelector: web, policyTypes: ["Ingress"], ingress: [{}] });
    assert.deepEqual(chain("to_100_64_0_2", shop(open)), ["return", "drop"]);
  });

  it("rules stand on the node of the pod only, and its peers may be on others", () => {
    const all = policy({
      policyTypes: ["Egress"],
      egress: [{ to: [{ podSelector: { matchLabels: { app: "far" } } }] }],
    });
    assert.deepEqual(chain("from_100_64_0_3", shop(all)), ["ip daddr { 100.64.2.2 } return", "drop"]);
    assert.equal(chain("from_100_64_2_2", shop(all)), undefined);
    assert.deepEqual(chain("from_100_64_2_2", shop(all), "node-1"), ["ip daddr { 100.64.2.2 } return", "drop"]);
  });

  it("address blocks have exceptions, and ports have ranges and protocols", () => {
    const to = [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } }];
    const ports = [{ port: 80, endPort: 90 }, { protocol: "UDP" }];
    assert.deepEqual(
      chain("from_100_64_0_2", shop(policy({ podSelector: web, policyTypes: ["Egress"], egress: [{ to, ports }] }))),
      [
        "ip daddr 10.0.0.0/8 ip daddr != { 10.1.0.0/16 } meta l4proto udp return",
        "ip daddr 10.0.0.0/8 ip daddr != { 10.1.0.0/16 } tcp dport 80-90 return",
        "drop",
      ],
    );
  });

  it("a peer in another namespace is selected by the namespace's labels; pods that have ended are nobody's peers", () => {
    const egress = (team: string) => [{ to: [{ namespaceSelector: { matchLabels: { team } } }] }];
    const rules = (team: string) =>
      chain("from_100_64_0_2", shop(policy({ podSelector: web, policyTypes: ["Egress"], egress: egress(team) })));
    assert.deepEqual(rules("a"), ["ip daddr { 100.64.0.2, 100.64.0.3, 100.64.2.2 } return", "drop"]);
    assert.deepEqual(rules("b"), ["drop"]);
  });

  it("an egress port's name means each receiver's own port", () => {
    const egress = [{ to: [{ podSelector: {} }], ports: [{ port: "http" }] }];
    assert.deepEqual(chain("from_100_64_0_3", shop(policy({ policyTypes: ["Egress"], egress }))), [
      "ip daddr { 100.64.0.2 } tcp dport 8080 return",
      "ip daddr { 100.64.0.3 } tcp dport 8080 return",
      "ip daddr { 100.64.2.2 } tcp dport 8080 return",
      "drop",
    ]);
  });

  it("pods with addresses of both families have one chain, and rules for either", () => {
    const pods = [pod("web", "100.64.0.2 fd00:6400::2"), pod("client", "100.64.0.3 fd00:6400::3")];
    const from = [
      { podSelector: { matchLabels: { app: "client" } } },
      { ipBlock: { cidr: "0.0.0.0/0" } },
      { ipBlock: { cidr: "fd00:1::/32", except: ["fd00:1::/64"] } },
    ];
    const into = policy({ podSelector: web, policyTypes: ["Ingress"], ingress: [{ from, ports: [{ port: 80 }] }] });
    const inputs = { ...shop(into), pods };
    assert.deepEqual(chain("to_100_64_0_2", inputs), [
      "ip saddr 0.0.0.0/0 tcp dport 80 return",
      "ip saddr { 100.64.0.3 } tcp dport 80 return",
      "ip6 saddr fd00:1::/32 ip6 saddr != { fd00:1::/64 } tcp dport 80 return",
      "ip6 saddr { fd00:6400::3 } tcp dport 80 return",
      "drop",
    ]);
    assert.deepEqual(chain("forward", inputs)?.slice(2), [
      "ip daddr vmap { 100.64.0.2 : jump to_100_64_0_2 }",
      "ip6 daddr vmap { fd00:6400::2 : jump to_100_64_0_2 }",
    ]);
  });
});
