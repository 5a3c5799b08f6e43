import assert from "node:assert/strict";
import { type PeerCertificate, TLSSocket } from "node:tls";
import { describe, it } from "mocha";
import { type ClusterLogin, clusterLogin, LoginError } from "../../../config/clusterLogin.ts";
import { kubeconfig, sample, sampleCertificate } from "../../../config/samples.ts";
import { type Asked, serving } from "./clusterApi.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** The login in a kubeconfig. @throws if there is none */
function login(text: string): ClusterLogin {
  const found = clusterLogin(text);
  assert.ok(found);
  return found;
}

/** Runs with an API that always gives this answer. */
function asking<T>(status: number, text: string, work: (to: ClusterLogin, asked: readonly Asked[]) => Promise<T>) {
  return serving(
    (_, response) => response.writeHead(status).end(text),
    (port, asked) => work(login(kubeconfig(`http://127.0.0.1:${port}/base//`, "t0ken")), asked),
  );
}

const failing = (message: string) => (error: Error) => {
  assert.ok(error instanceof LoginError);
  assert.equal(error.message, message);
  return true;
};

describe("a cluster's login", () => {
  it("requests send JSON under the server's address with the token, and return JSON", async () => {
    await asking(201, '{"a":[1]}', async (to, asked) => {
      assert.deepEqual(await to.post("/apis/x", { b: "ž" }), { a: [1] });
      assert.equal(to.token, "t0ken");
      assert.equal(to.certificate, undefined);
      const [{ headers, ...rest } = assert.fail()] = asked;
      assert.deepEqual(rest, { method: "POST", path: "/base/apis/x", body: '{"b":"ž"}' });
      assert.equal(headers["content-type"], "application/json");
      assert.equal(headers.authorization, "Bearer t0ken");
    });
  });

  it("an object counts as missing only when the cluster says so", async () => {
    const has = (status: number): Promise<boolean> =>
      asking(status, "", async (to, asked) => {
        const found = await to.has("/api/v1/namespaces/n");
        assert.deepEqual(
          asked.map(({ method, path, body }) => [method, path, body]),
          [["GET", "/base/api/v1/namespaces/n", ""]],
        );
        return found;
      });
    assert.deepEqual(await Promise.all([has(200), has(403), has(404)]), [true, true, false]);
  });

  it("an error names the status with which the cluster refused a request", async () => {
    for (const status of [300, 403, 500]) {
      await asking(status, "{}", (to) => assert.rejects(to.post("/x", {}), failing(`answers ${status} to /x`)));
    }
    assert.deepEqual(await asking(299, "{}", (to) => to.post("/x", {})), {});
  });

  it("an error says that the cluster refuses the login", async () => {
    const refused = failing("refuses the login: its token has expired or was revoked");
    await asking(401, "{}", async (to) => {
      await assert.rejects(to.post("/x", {}), refused);
      await assert.rejects(to.has("/x"), refused);
    });
  });

  it("an error says when something other than the API answers", async () => {
    await asking(200, "<html>", (to) => assert.rejects(to.post("/x", {}), failing("answers no JSON to /x")));
  });

  it("a slow cluster is waited for", async () => {
    const late = serving(
      (_, response) => setTimeout(() => response.end("{}"), 60),
      (port) => login(kubeconfig(`http://127.0.0.1:${port}`, "t")).post("/x", {}),
    );
    assert.deepEqual(await late, {});
  });

  it("an error says that the cluster cannot be reached or closed the connection", async () => {
    const port = await serving(
      () => undefined,
      (free) => Promise.resolve(free),
    );
    const gone = login(kubeconfig(`http://127.0.0.1:${port}`, "t"));
    await assert.rejects(gone.has("/x"), failing(`cannot be reached: connect ECONNREFUSED 127.0.0.1:${port}`));
    const broken = serving(
      (_, response) => {
        response.writeHead(200, { "content-length": 100 });
        response.write("{");
        setTimeout(() => response.destroy(), 20);
      },
      (at) => login(kubeconfig(`http://127.0.0.1:${at}`, "t")).post("/x", {}),
    );
    await assert.rejects(broken, failing("cannot be reached: aborted"));
  });

  describe("TLS", () => {
    const [key, cert] = [sample("pem-private-key", "api"), sampleCertificate("api", ["api.test"])];
    const mine = { key: sample("pem-private-key", "me"), cert: sampleCertificate("me", ["deployer"]) };
    const insecure = "insecure-skip-tls-verify: true";
    const checked = `certificate-authority-data: ${base64(cert)}\n      tls-server-name: api.test`;
    const secure = <T>(cluster: string, user: string, work: (to: ClusterLogin) => Promise<T>) =>
      serving(
        (_, response, request) => {
          assert.ok(request.socket instanceof TLSSocket);
          // Without a certificate this is an empty object.
          const { subject } = request.socket.getPeerCertificate() as Partial<PeerCertificate>;
          response.end(JSON.stringify({ user: subject?.CN ?? null, token: request.headers.authorization ?? null }));
        },
        (port) => {
          const text = kubeconfig(`https://127.0.0.1:${port}`, "t").replace(insecure, cluster);
          return work(login(text.replace("token: t", user)));
        },
        { key, cert, requestCert: true, rejectUnauthorized: false },
      );

    it("the server is checked against the given authority and name", async () => {
      const answer = { user: null, token: "Bearer t" };
      assert.deepEqual(await secure(checked, "token: t", (to) => to.post("/x", {})), answer);
      assert.deepEqual(await secure(insecure, "token: t", (to) => to.post("/x", {})), answer);
      const unnamed = checked.split("\n")[0] ?? "";
      for (const wrong of [unnamed, "tls-server-name: api.test", "insecure-skip-tls-verify: false"]) {
        await secure(wrong, "token: t", (to) =>
          assert.rejects(to.has("/x"), (error: Error) => {
            assert.ok(error instanceof LoginError);
            assert.match(error.message, /^cannot be reached: .*(self-signed certificate|IP: 127\.0\.0\.1)/);
            return true;
          }),
        );
      }
    });

    it("a client certificate is used to log in, and is readable", async () => {
      const user = `client-certificate-data: ${base64(mine.cert)}\n      client-key-data: ${base64(mine.key)}`;
      await secure(insecure, user, async (to) => {
        assert.deepEqual(await to.post("/x", {}), { user: "deployer", token: null });
        assert.equal(to.certificate, mine.cert);
        assert.equal(to.token, undefined);
      });
    });
  });

  it("the current context of several is used", async () => {
    await asking(200, "{}", async (_, asked) => {
      const text = `
current-context: b
contexts: [{name: a, context: {cluster: a, user: a}}, {name: b, context: {cluster: c, user: d}}]
clusters: [{name: a, cluster: {server: "http://192.0.2.1"}}, {name: c, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: a, user: {token: a}}, {name: d, user: {token: d}}]
`;
      assert.equal(clusterLogin(text)?.token, "d");
      await assert.rejects(login(text).has("/"), failing("cannot be reached: connect ECONNREFUSED 127.0.0.1:1"));
      assert.deepEqual(asked, []);
      for (const [from, to] of [
        ["current-context: b", "current-context: x"],
        ["cluster: c,", "cluster: x,"],
        ["user: d}}]", "user: x}}]"],
        ["{token: d}", "{tokenFile: /d}"],
        ["contexts:", "kontexts:"],
      ] as const) {
        assert.equal(clusterLogin(text.replace(from, to)), undefined, to);
      }
      assert.equal(clusterLogin(""), undefined);
    });
  });

  it("errors about a kubeconfig never quote it, because it holds a token", async () => {
    const printed: Error[] = [];
    const hear = (warning: Error): void => void printed.push(warning);
    process.on("warning", hear);
    clusterLogin(kubeconfig("https://sample.invalid", "!odd t0ken"));
    await new Promise(setImmediate);
    process.off("warning", hear);
    assert.deepEqual(printed, []);
  });
});
