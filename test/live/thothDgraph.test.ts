/**
 * Thoth's Dgraph: three managers and three data servers as declared, pydgraph as a client inside the cluster, TLS at the Route, and certificates
 * that are replaced while clients ask. Dgraph is the real 1.2.8: 1.0.15, which the stacks name, is no Go module.
 */
import assert from "node:assert/strict";
import { request } from "node:https";
import { after, before, describe, it } from "mocha";
import { demoSettings, removeCluster, startCluster } from "../../lab/demo/cluster.ts";
import { clients, clientTarget, deployDgraph, namespace } from "../../lab/demo/dgraph/deploy.ts";
import { authorityOf, hostOf, podsOf } from "../../lab/demo/dgraph/dgraph.ts";
import { asked, rotate, shownAt, write } from "../../lab/demo/dgraph/steps.ts";
import { execute, forward, kubectl } from "../../lab/demo/kubectl.ts";
import { until } from "../../lab/demo/until.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { kubeApi } from "../../lab/kubernetes/api.ts";
import { nodeNetwork } from "../../lab/kubernetes/nodes/plan.ts";
import type { Run } from "../../lab/pulumi.ts";

const cluster = demoSettings(lab);
const quiet = (): void => undefined;

/** What a program in the client's pod says that opens the servers' port with HTTP, or TLS without the authority. */
const hello = `import socket, ssl, sys
host = "alpha-public.${namespace}.svc"
with socket.create_connection((host, int(sys.argv[1])), timeout=5) as plain:
    ssl.create_default_context().wrap_socket(plain, server_hostname=host)
`;

describe("Thoth's Dgraph at work", function () {
  this.timeout(900_000);
  let run: Run;
  const inClient = (...words: readonly string[]): Promise<string> =>
    execute(run, clients, [clientTarget, "--", ...words]);

  before(async () => {
    await removeCluster(cluster, quiet);
    run = await startCluster(cluster, quiet);
    await deployDgraph(run);
  });
  after(() => removeCluster(cluster, quiet));

  it("managers and data servers find each other by the names that they are given", async () => {
    const [zeros, alphas] = [await podsOf(run, "zero"), await podsOf(run, "alpha")];
    assert.deepEqual([zeros.length, alphas.length], [3, 3]);
    const zero = await forward(run, namespace, "pod/zero-0", 6080);
    interface Members {
      readonly [id: string]: { readonly addr: string; readonly leader?: boolean };
    }
    interface State {
      readonly zeros: Members;
      readonly groups: Readonly<Record<string, { readonly members: Members }>>;
    }
    const look = async (): Promise<State> =>
      (await (await fetch(`http://127.0.0.1:${zero.port}/state`)).json()) as State;
    // A manager is ready a moment before the first one has let it in.
    const state = await until("three managers", 60, async () => {
      const now = await look();
      return Object.keys(now.zeros).length < 3 ? undefined : now;
    }).finally(() => {
      zero.close();
    });
    const at = (kind: string, port: number): readonly string[] =>
      [0, 1, 2].map((ordinal) => `${kind}-${ordinal}.${kind}.${namespace}.svc.cluster.local:${port}`);
    const addresses = (members: Members): readonly string[] => Object.values(members).map(({ addr }) => addr);
    assert.deepEqual(addresses(state.zeros).toSorted(), at("zero", 5080));
    // One group: each data server has a copy of all.
    assert.deepEqual(Object.keys(state.groups), ["1"]);
    assert.deepEqual(addresses(state.groups["1"]?.members ?? {}).toSorted(), at("alpha", 7080));
  });

  it("pydgraph writes and reads with the Secret that the stack puts into a client's namespace", async () => {
    assert.match(await write(run, "first"), /^{'written': '0x[0-9a-f]+'}$/);
    const seen = await until("the name", 60, async () => {
      const one = await asked(run);
      return one.names.includes("first") ? one : undefined;
    });
    assert.deepEqual(seen.failed, []);
  });

  it("a client that does not know the authority refuses the server, and the server a certificate of somebody else's", async () => {
    // Programs speak gRPC; the port with the calls that change everything is closed to them.
    await assert.rejects(inClient("python3", "-c", hello, "8080"), /timed out|refused/);
    await assert.rejects(inClient("python3", "-c", hello, "9080"), /CERTIFICATE_VERIFY_FAILED/);
    const made = "openssl req -x509 -newkey rsa:2048 -nodes -keyout client.user.key -out client.user.crt -days 1";
    const folder = "mkdir -p /tmp/foreign && cd /tmp/foreign && cp /var/run/secrets/dgraph/ca.crt .";
    await inClient("bash", "-c", `${folder} && ${made} -subj /CN=user 2>/dev/null`);
    const foreign = inClient("env", "TLS=/tmp/foreign", "python3", "/srv/asking.py", "foreign");
    await assert.rejects(foreign, /UNAVAILABLE/);
    assert.ok(!(await asked(run)).names.includes("foreign"));
  });

  it("a client without a certificate is let in, as the docs warn", async () => {
    const secret = "/var/run/secrets/dgraph/ca.crt";
    const script = `import grpc, json, os, pydgraph
stub = pydgraph.DgraphClientStub(os.environ["ALPHA"], grpc.ssl_channel_credentials(open("${secret}", "rb").read()))
answer = pydgraph.DgraphClient(stub).txn(read_only=True).query("{ all(func: has(name)) { name } }", timeout=10)
print(len(json.loads(answer.json)["all"]))`;
    assert.equal((await inClient("python3", "-c", script)).trim(), "1");
  });

  it("the Route passes TLS on to a certificate for its host, by the authority", async () => {
    const { trusted, issuer } = await shownAt(cluster, await hostOf(run), await authorityOf(run));
    assert.deepEqual({ trusted, issuer }, { trusted: true, issuer: "Dgraph Root CA" });
  });

  it("certificates and keys are replaced while a client asks: it goes on, nothing is lost, the authority stays", async () => {
    const [host, authority] = [await hostOf(run), await authorityOf(run)];
    const [old, before] = [await shownAt(cluster, host, authority), await asked(run)];
    const pods = await kubeApi(cluster).list(`/api/v1/namespaces/${namespace}/pods?labelSelector=component%3Dzero`);
    assert.match(await rotate(run), /^replacing .*thoth-dgraph-certificates-node/);
    const now = await shownAt(cluster, host, authority);
    assert.ok(now.trusted);
    assert.notEqual(now.serial, old.serial);
    assert.equal(await authorityOf(run), authority);
    const seen = await asked(run);
    assert.ok(seen.asked > before.asked + 20, `${before.asked}, then ${seen.asked}`);
    // A question that is under way at a server that ends may fail; its client asks again.
    assert.ok(seen.failed.length <= 3, seen.failed.join("; "));
    for (const failed of seen.failed) assert.match(failed, /^(CANCELLED|UNAVAILABLE)/);
    assert.ok(seen.names.includes("first"));
    const later = await kubeApi(cluster).list(`/api/v1/namespaces/${namespace}/pods?labelSelector=component%3Dzero`);
    const uids = (all: typeof pods): readonly unknown[] => all.map(({ metadata }) => metadata.uid).toSorted();
    assert.deepEqual(uids(later), uids(pods), "managers read no certificate, and go on");
  });

  it("a client that starts afterwards reads the new certificate and is let in", async () => {
    await kubectl(run, clients, ["rollout", "restart", clientTarget]);
    await kubectl(run, clients, ["rollout", "status", clientTarget, "--timeout=120s"]);
    assert.match(await write(run, "second"), /^{'written': '0x[0-9a-f]+'}$/);
  });

  it("who reaches the router asks, changes and deletes without a certificate, as the docs warn", async () => {
    const [host, ca] = [await hostOf(run), await authorityOf(run)];
    const ask = (method: string, path: string, type: string, body: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const headers = { host, "content-type": type };
        const to = {
          host: nodeNetwork(cluster).ingress,
          port: 443,
          servername: host,
          ca,
          path,
          method,
          headers,
        };
        const call = request(to, (answer) => {
          const parts: Buffer[] = [];
          answer.on("data", (part: Buffer) => parts.push(part));
          answer.on("end", () => {
            resolve(Buffer.concat(parts).toString());
          });
        });
        call.on("error", reject);
        call.end(body);
      });
    const names = async (): Promise<number> => {
      const text = await ask("POST", "/query", "application/graphql+-", "{ all(func: has(name)) { name } }");
      return (JSON.parse(text) as { data: { all: readonly unknown[] } }).data.all.length;
    };
    assert.equal(await names(), 2);
    assert.match(await ask("GET", "/admin/export", "application/json", ""), /"code":"ErrorUnauthorized"/);
    assert.match(await ask("POST", "/alter", "application/json", '{"drop_all": true}'), /"code":"Success"/);
    assert.equal(await names(), 0);
  });
});
