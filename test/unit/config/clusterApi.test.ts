import assert from "node:assert/strict";
import { createSecureServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type PeerCertificate, TLSSocket } from "node:tls";
import { before, describe, it } from "mocha";
import {
  askCluster,
  type ClusterApi,
  kubeconfigProblem,
  LoginError,
  NoKubectlError,
} from "../../../config/clusterApi.ts";
import { kubeconfig, sample, sampleCertificate } from "../../../config/samples.ts";
import { type Asked, serving } from "./clusterApi.ts";
import { needsKubectl } from "./kubectl.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const host = "api.orrery.test";
const me = "deployer";
const [key, cert] = [sample("pem-private-key", "api"), sampleCertificate("api", [host])];
const mine = { key: sample("pem-private-key", "me"), cert: sampleCertificate("me", [me]) };
const insecure = "insecure-skip-tls-verify: true";

/** Asks an API that answers so, with a token. */
function asking<T>(status: number, text: string, work: (to: ClusterApi, asked: readonly Asked[]) => Promise<T>) {
  return serving(
    (_, response) => response.writeHead(status, { "content-type": "application/json" }).end(text),
    (port, asked) => askCluster(kubeconfig(`https://127.0.0.1:${port}/base/`, "t0ken"), (to) => work(to, asked)),
    { key, cert },
  );
}

/** Asks an API that answers who asks it, with the lines of a kubeconfig about its cluster and user. */
function whoAsks(user: string, cluster = insecure): Promise<unknown> {
  return serving(
    (_, response, request) => {
      assert.ok(request.socket instanceof TLSSocket);
      // Without a certificate this is an empty object.
      const { subject } = request.socket.getPeerCertificate() as Partial<PeerCertificate>;
      response.end(JSON.stringify({ user: subject?.CN ?? null, token: request.headers.authorization ?? null }));
    },
    (port) => {
      const text = kubeconfig(`https://127.0.0.1:${port}`, "t").replace(insecure, cluster).replace("token: t", user);
      return askCluster(text, (to) => to.post("/x", {}));
    },
    { key, cert, requestCert: true, rejectUnauthorized: false },
  );
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-login-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Lines of a user that logs in by a shell script. */
const byScript = (script: string): string =>
  `exec: ${JSON.stringify({
    apiVersion: "client.authentication.k8s.io/v1",
    interactiveMode: "Never",
    command: "sh",
    args: ["-c", script],
  })}`;

const failing = (message: string | RegExp) => (error: Error) => {
  assert.ok(error instanceof LoginError);
  if (typeof message === "string") assert.equal(error.message, message);
  else assert.match(error.message, message);
  return true;
};

describe("a cluster's API", () => {
  before(needsKubectl);

  it("requests send JSON under the server's path with the token, and return JSON", () =>
    asking(201, '{"a":[1]}', async (to, asked) => {
      assert.deepEqual(await to.post("/apis/x", { b: "ž" }), { a: [1] });
      const [{ headers, ...rest } = assert.fail()] = asked;
      assert.deepEqual(rest, { method: "POST", path: "/base/apis/x", body: '{"b":"ž"}' });
      assert.equal(headers["content-type"], "application/json");
      assert.equal(headers.authorization, "Bearer t0ken");
    }));

  it("an object counts as missing only when the cluster answers 404", async () => {
    const has = (status: number): Promise<boolean> =>
      asking(status, "", async (to, asked) => {
        const found = await to.has("/api/v1/namespaces/n");
        assert.deepEqual(
          asked.map(({ method, path: at }) => [method, at]),
          [["GET", "/base/api/v1/namespaces/n"]],
        );
        return found;
      });
    assert.deepEqual([await has(200), await has(403), await has(404)], [true, true, false]);
  });

  it("an error names the status with which a cluster refuses a request", async () => {
    for (const status of [300, 403, 500]) {
      await asking(status, "{}", (to) => assert.rejects(to.post("/x", {}), failing(`answers ${status} to /x`)));
    }
  });

  it("an error says that a cluster refuses the login", async () => {
    const refused = failing("refuses the login: its token has expired or was revoked");
    await asking(401, "{}", async (to) => {
      await assert.rejects(to.post("/x", {}), refused);
      await assert.rejects(to.has("/x"), refused);
    });
  });

  /** Asks over HTTP/2, as API servers are asked. */
  async function overHttp2<T>(
    answer: (stream: ServerHttp2Stream, path: string) => void,
    work: (to: ClusterApi) => Promise<T>,
  ): Promise<T> {
    const server = createSecureServer({ key, cert });
    server.on("stream", (stream: ServerHttp2Stream, headers) => {
      stream.on("error", () => undefined);
      answer(stream, headers[":path"] ?? "");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo;
      return await askCluster(kubeconfig(`https://127.0.0.1:${port}`, "t"), work);
    } finally {
      server.close();
    }
  }
  const say = (stream: ServerHttp2Stream, status: number, body: object): void => {
    stream.respond({ ":status": status, "content-type": "application/json" });
    stream.end(JSON.stringify(body));
  };

  it("many requests at once hear that the login is refused from a server that closes the connection with that", () =>
    overHttp2(
      (stream) => {
        say(stream, 401, {});
        stream.session?.goaway(0, stream.id);
      },
      async (to) => {
        const all = await Promise.allSettled(Array.from({ length: 10 }, () => to.post("/x", {})));
        for (const one of all) assert.match(String(one.status === "rejected" && one.reason), /refuses the login/);
      },
    ));

  it("a request that a server sends back unread as it closes the connection is sent once more", async () => {
    const asked: string[] = [];
    const answers = await overHttp2(
      (stream, at) => {
        asked.push(at);
        if (at !== "/second" || asked.filter((one) => one === at).length > 1) {
          say(stream, 200, { at });
          return;
        }
        // The last that it answers is the stream before: a client's have odd ids.
        stream.resume().on("end", () => stream.session?.goaway(0, stream.id === undefined ? 0 : stream.id - 2));
      },
      async (to) => [await to.post("/first", {}), await to.post("/second", {})],
    );
    assert.deepEqual(answers, [{ at: "/first" }, { at: "/second" }]);
    assert.deepEqual(asked.slice(-3), ["/first", "/second", "/second"]);
  });

  it("an error says that something other than an API answers", () =>
    asking(200, "<html>", (to) => assert.rejects(to.post("/x", {}), failing("answers no JSON to /x"))));

  it("an error says that a cluster is out of reach or breaks off the connection", async () => {
    const gone = kubeconfig("https://127.0.0.1:1", "t");
    await assert.rejects(
      askCluster(gone, (to) => to.has("/x")),
      failing("cannot be reached: dial tcp 127.0.0.1:1: connect: connection refused"),
    );
    const broken = serving(
      (_, response) => {
        response.writeHead(200, { "content-length": 100 });
        response.write("{");
        setTimeout(() => response.destroy(), 20);
      },
      (port) => askCluster(kubeconfig(`http://127.0.0.1:${port}`, "t"), (to) => to.post("/x", {})),
    );
    await assert.rejects(broken, failing(/^cannot be reached: /));
  });

  it("the server is checked against the kubeconfig's authority and server name", async () => {
    const authority = `certificate-authority-data: ${base64(cert)}`;
    const checked = `${authority}\n      tls-server-name: ${host}`;
    const answer = { user: null, token: "Bearer t" };
    assert.deepEqual(await whoAsks("token: t", checked), answer);
    assert.deepEqual(await whoAsks("token: t"), answer);
    for (const wrong of [authority, "tls-server-name: api.test", "insecure-skip-tls-verify: false"]) {
      await assert.rejects(
        whoAsks("token: t", wrong),
        failing(/^cannot be reached: tls: failed to verify certificate/),
      );
    }
  });

  it("a kubeconfig's login may be a certificate, files, or the output of a program", () =>
    inFolder(async (folder) => {
      const at = (name: string, text: string): string => {
        writeFileSync(path.join(folder, name), text);
        return path.join(folder, name);
      };
      const byCertificate = { user: me, token: null };
      const data = `client-certificate-data: ${base64(mine.cert)}\n      client-key-data: ${base64(mine.key)}`;
      assert.deepEqual(await whoAsks(data), byCertificate);
      const [certFile, keyFile] = [at("cert.pem", mine.cert), at("key.pem", mine.key)];
      const inFiles = `client-certificate: ${certFile}\n      client-key: ${keyFile}`;
      assert.deepEqual(await whoAsks(inFiles), byCertificate);
      assert.deepEqual(await whoAsks(`tokenFile: ${at("token", "filed\n")}`), { user: null, token: "Bearer filed" });
      const credential = { apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential" };
      const printed = JSON.stringify({ ...credential, status: { token: "drawn" } });
      assert.deepEqual(await whoAsks(byScript(`cat ${at("credential", printed)}`)), {
        user: null,
        token: "Bearer drawn",
      });
    }));

  it("an error says why a login does not work, and quotes no secret", async () => {
    for (const [user, message] of [
      ["tokenFile: /none", "has a kubeconfig that does not work: open /none: no such file or directory"],
      [
        "client-certificate: /none\n      client-key: /none",
        /^has a kubeconfig that does not work: unable to read client-cert \/none /,
      ],
      ["auth-provider: {name: gcp}", "has a kubeconfig that does not work: The gcp auth plugin has been removed."],
      [byScript("exit 3"), "cannot be logged in to: exec: executable sh failed with exit code 3"],
      [byScript("echo s3cret"), /^cannot be logged in to: decoding stdout: /],
      ["s3cret", "has a kubeconfig that leads nowhere: its current-context names no server or no user"],
      ["token: [s3cret]", "has a kubeconfig that kubectl cannot read"],
      ["client-key-data: s3cret", "has a kubeconfig that kubectl cannot read"],
      ["[s3cret", "has a kubeconfig that leads nowhere: its current-context names no server or no user"],
    ] as const) {
      await assert.rejects(whoAsks(user), (error: Error) => {
        assert.doesNotMatch(error.message, /s3cret|\n/);
        return failing(message)(error);
      });
    }
  });

  it("the kubeconfig is stored nowhere else during a request, and no file is left afterwards", () =>
    inFolder(async (folder) => {
      const { TMPDIR } = process.env;
      process.env.TMPDIR = folder;
      try {
        await asking(200, "{}", async (to) => {
          assert.deepEqual(
            readdirSync(folder, { recursive: true })
              .map((name) => path.basename(String(name)))
              .slice(1),
            ["socket"],
          );
          await to.has("/x");
        });
        await assert.rejects(whoAsks("s3cret"));
        assert.deepEqual(readdirSync(folder), []);
      } finally {
        if (TMPDIR === undefined) Reflect.deleteProperty(process.env, "TMPDIR");
        else process.env.TMPDIR = TMPDIR;
      }
    }));
});

describe("a kubeconfig", () => {
  it("a kubeconfig must name a server and a user in its current context", () => {
    const text = `
current-context: b
contexts: [{name: a, context: {cluster: a, user: a}}, {name: b, context: {cluster: c, user: d}}]
clusters: [{name: a, cluster: {server: "http://192.0.2.1"}}, {name: c, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: a, user: {token: a}}, {name: d, user: {}}]
`;
    assert.equal(kubeconfigProblem(text), undefined);
    for (const [from, to] of [
      ["current-context: b", "current-context: x"],
      ["current-context: b", "current-context: ''"],
      ["cluster: c,", "cluster: x,"],
      ['"http://127.0.0.1:1"', "''"],
      ["user: d}}]", "user: x}}]"],
      ["contexts:", "kontexts:"],
      [text, ""],
      [text, "[a"],
    ] as const) {
      const problem = kubeconfigProblem(text.replace(from, to));
      assert.equal(problem, "its current-context names no server or no user", to);
    }
  });

  it("an invalid kubeconfig is not printed", async () => {
    const printed: Error[] = [];
    const hear = (warning: Error): void => void printed.push(warning);
    process.on("warning", hear);
    kubeconfigProblem(kubeconfig("https://sample.invalid", "!odd t0ken"));
    await new Promise(setImmediate);
    process.off("warning", hear);
    assert.deepEqual(printed, []);
  });

  it("a missing kubectl is reported", async () => {
    const { PATH } = process.env;
    process.env.PATH = "/nowhere";
    try {
      const asked = askCluster(kubeconfig("https://127.0.0.1:1", "t"), (to) => to.has("/x"));
      await assert.rejects(asked, (error: Error) => error instanceof NoKubectlError);
    } finally {
      process.env.PATH = PATH;
    }
  });
});
