/** Finding 24: logins go nowhere but where they belong, and public texts hold no secret. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, describe, it } from "mocha";
import { github } from "../../../ci/github.ts";
import { jobSecrets, redacted } from "../../../ci/redact.ts";
import { childEnvironment } from "../../../config/childEnvironment.ts";
import { projectDir } from "../../../config/stackFile.ts";
import { command as hubtraf } from "../../../ops/commands/callysto/hubtraf.ts";
import { ask } from "../../../ops/lib/cloud/request.ts";
import { Kubectl } from "../../../ops/lib/kube/kubectl.ts";
import { Registries } from "../../../ops/lib/images/registry.ts";
import { tokenAddress } from "../../../ops/lib/kube/registryRealm.ts";
import { foreground, output, run } from "../../../ops/lib/process.ts";

const servers: Server[] = [];
/** A server on this machine. @returns its address */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

describe("a request with a login", () => {
  it("is not sent on to another host, with its token or its password", async () => {
    const seen: IncomingMessage[] = [];
    const other = await serve((request, response) => {
      seen.push(request);
      response.end("{}");
    });
    for (const status of [301, 302, 303, 307, 308]) {
      const cloud = await serve((_, response) => response.writeHead(status, { location: `${other}/v3` }).end());
      for (const init of [{ headers: { "x-auth-token": "t" } }, { method: "POST", body: "password" }]) {
        await assert.rejects(
          ask(`${cloud}/v3`, init),
          new RegExp(`^Error: ${cloud} sends the request on to ${other}, `),
        );
      }
    }
    assert.deepEqual(seen, []);
  });

  it("follows its own host", async () => {
    const cloud = await serve((request, response) => {
      if (request.url === "/v3") response.writeHead(302, { location: "/v3/" }).end();
      else response.end(request.headers["x-auth-token"]);
    });
    assert.equal(await (await ask(`${cloud}/v3`, { headers: { "x-auth-token": "t" } })).text(), "t");
    const circle = await serve((_, response) => response.writeHead(302, { location: "/" }).end());
    await assert.rejects(ask(circle, {}), /redirects in a circle$/);
  });
});

describe("a registry's login", () => {
  const registry = new URL("https://registry.cern.ch/v2/x");
  it("is asked of its own host, and of known pairs", () => {
    assert.equal(
      tokenAddress("https://registry.cern.ch/service/token", registry),
      "https://registry.cern.ch/service/token",
    );
    const docker = new URL("https://registry-1.docker.io/v2/");
    assert.equal(tokenAddress("https://auth.docker.io/token", docker), "https://auth.docker.io/token");
  });

  for (const realm of [
    "https://169.254.169.254/latest/meta-data",
    "http://registry.cern.ch/service/token",
    "https://auth.docker.io/token",
    "https://registry.cern.ch.evil.test/token",
    "https://user:word@registry.cern.ch/token",
    "file:///etc/passwd",
    "nonsense",
  ]) {
    it(`is not asked at ${realm}`, () => {
      assert.throws(() => tokenAddress(realm, registry), /^Error: the registry registry\.cern\.ch sends its users to /);
    });
  }

  it("is not asked for at another server that a real answer names", async () => {
    let asked = 0;
    const other = await serve((_, response) => {
      asked++;
      response.end("{}");
    });
    const own = await serve((_, response) =>
      response.writeHead(401, { "www-authenticate": `Bearer realm="${other}/token",service="x"` }).end(),
    );
    await assert.rejects(new Registries().digest(`${new URL(own).host}/a/b`, "latest"), /which is not asked/);
    assert.equal(asked, 0);
  });
});

describe("GitHub's API", () => {
  const limits = { seconds: 0.3, tries: 3, pause: 0 };
  const hub = (url: string) => github({ GITHUB_REPOSITORY: "o/r", GITHUB_TOKEN: "token", GITHUB_API_URL: url }, limits);
  /** Answers in turn; undefined answers nothing. */
  const turns = async (...statuses: readonly (number | undefined)[]) => {
    const asked: string[] = [];
    const url = await serve((request, response) => {
      const status = statuses[asked.length];
      asked.push(request.method ?? "");
      if (status !== undefined) response.writeHead(status, { "retry-after": "0" }).end('{"number":1}');
    });
    return { url, asked };
  };

  it("is asked again after no answer in time, and after an error of its own", async () => {
    const { url, asked } = await turns(undefined, 502, 200);
    assert.deepEqual(await hub(url).get("/x"), { number: 1 });
    assert.equal(asked.length, 3);
  });

  it("that never answers is one message", async () => {
    const { url, asked } = await turns();
    await assert.rejects(hub(url).get("/x"), /^Error: GitHub does not answer GET \/x: .*timeout/i);
    assert.equal(asked.length, 3);
  });

  it("gets nothing twice: a post is repeated only where it was turned away", async () => {
    const lost = await turns(undefined);
    await assert.rejects(hub(lost.url).send("POST", "/issues", {}), /does not answer POST/);
    const failed = await turns(502, 200);
    await assert.rejects(hub(failed.url).send("POST", "/issues", {}), /responded with 502/);
    const busy = await turns(429, 403, 201);
    assert.deepEqual(await hub(busy.url).send("POST", "/issues", {}), { number: 1 });
    assert.deepEqual([lost.asked.length, failed.asked.length, busy.asked.length], [1, 1, 3]);
  });
});

describe("an error in a public issue", () => {
  const secrets = ["hunter2-and-more", "-----BEGIN KEY-----\nline one of it\nline two of it"];
  for (const [title, text, expected] of [
    ["a login in a URL", "error: clone https://bot:t0ken@git.test/x", "error: clone https://git.test/x"],
    ["a URL's query", "GET https://s3.test/b?X-Amz-Signature=abc failed", "GET https://s3.test/b?[redacted] failed"],
    ["a known secret", "invalid value hunter2-and-more", "invalid value [redacted]"],
    ["a line of a known secret", "bad PEM: line two of it", "bad PEM: [redacted]"],
    ["a header", "Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"],
    ["an assignment", 'password="short" is wrong', 'password="[redacted]" is wrong'],
    ["a token of a service", "bad credentials ghp_16C7e42F292c6912E7710c838347Ae178B4a", "bad credentials [redacted]"],
  ] as const) {
    it(`does not show ${title}`, () => {
      assert.equal(redacted(text, secrets), expected);
    });
  }

  it("keeps words and URNs", () => {
    for (const text of [
      "error: incorrect passphrase; the secret thoth:sshKey is missing",
      "urn:pulumi:stage::orrery::kubernetes:apps/v1:Deployment::web failed",
    ])
      assert.equal(redacted(text, secrets), text);
  });

  it("knows the job's secrets by the names of their variables", () => {
    const env = {
      PASSPHRASE_PROD: "one",
      AWS_SECRET_ACCESS_KEY: "two",
      GITHUB_TOKEN: "three",
      PATH: "/bin",
      X_TOKEN_FILE: "f",
    };
    assert.deepEqual(jobSecrets(env), ["one", "two", "three"]);
  });
});

describe("a program that a command starts", () => {
  const secret = { PULUMI_CONFIG_PASSPHRASE: "p", PULUMI_CONFIG_PASSPHRASE_FILE: "f", AWS_ACCESS_KEY_ID: "i", AWS_SECRET_ACCESS_KEY: "a", OS_PASSWORD: "o", GITHUB_TOKEN: "g", PASSPHRASE_PROD: "q", ORRERY_HUB_PASSWORD: "h", ARM_CLIENT_SECRET: "c", GOOGLE_CREDENTIALS: "j", AZURE_STORAGE_KEY: "k" }; // prettier-ignore
  const plain = { PATH: "/bin", HOME: "/root", KUBECONFIG: "/k", AWS_PROFILE: "team", SSH_AUTH_SOCK: "/s", LANG: "C" };
  const names = (program: string): readonly string[] =>
    Object.keys(childEnvironment(program, {}, { ...secret, ...plain }));

  it("gets no passphrase and no key of a cloud", () => {
    for (const program of ["kubectl", "docker", "/usr/bin/ssh", "gpg", "python3", "bash", "go"])
      assert.deepEqual(names(program), Object.keys(plain), program);
  });

  it("gets them where it works with them: the engine", () => {
    assert.deepEqual(names("/x/node_modules/.bin/pulumi"), Object.keys({ ...secret, ...plain }));
    assert.deepEqual(names("git"), ["GITHUB_TOKEN", ...Object.keys(plain)]);
    for (const name of Object.keys(secret).filter((one) => /^(PULUMI|PASSPHRASE|ORRERY)/.test(one)))
      assert.ok(!names("certbot").includes(name), name);
  });

  it("has this environment wherever ops and config start one", () => {
    const files = ["ops", "config"].flatMap((folder) =>
      readdirSync(path.join(projectDir, folder), { recursive: true, encoding: "utf8" }).map((one) =>
        path.join(folder, one),
      ),
    );
    const starts = /\b(?:spawn|spawnSync|execFile|execFileSync|promisify\(execFile\))\(([^;]*?)\);/gs;
    // Their options have it, but for the first one's: it is somebody's own command.
    const byOptions = ["lib/process.ts", "lib/backups/scratchServer.ts", "commands/callysto/notebook-images.ts"];
    const calls = files
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => {
        const text = readFileSync(path.join(projectDir, file), "utf8");
        return [...text.matchAll(starts)].map(([all, args = ""]) => ({ file, all, args }));
      });
    assert.ok(calls.length > 15, `${calls.length} calls`);
    const wrong = calls
      .filter(({ all, args }) => !/childEnvironment|pulumi/.test(args) && !/^execFile\($/.test(all))
      .filter(({ file, args }) => !(args.includes("ptions") && byOptions.some((one) => file.endsWith(one))))
      .map(({ file, all }) => `${file}: ${all.slice(0, 80)}`);
    assert.deepEqual(wrong, []);
  });

  it("has all of it where somebody gave us the program: dials rollout -- npx pulumi up needs its passphrase", async () => {
    const dir = mkdtempSync(path.join(tmpdir(), "orrery-given-"));
    const before_ = process.env.PULUMI_CONFIG_PASSPHRASE;
    process.env.PULUMI_CONFIG_PASSPHRASE = "p";
    try {
      const file = path.join(dir, "seen");
      assert.equal(await foreground(["sh", "-c", `printf %s "$PULUMI_CONFIG_PASSPHRASE" >"$0"; exit 3`, file]), 3);
      assert.equal(readFileSync(file, "utf8"), "p");
    } finally {
      if (before_ === undefined) delete process.env.PULUMI_CONFIG_PASSPHRASE;
      else process.env.PULUMI_CONFIG_PASSPHRASE = before_;
      rmSync(dir, { recursive: true });
    }
  });

  it("is ended when it does not end by itself", async () => {
    const began = Date.now();
    await assert.rejects(run("sleep", ["60"], { timeout: 0.2 }), /^Error: sleep 60 did not end within 0\.2 s$/);
    await assert.rejects(run("sh", ["-c", "sleep 60; true"], { timeout: 0.2 }), /did not end within/);
    assert.ok(Date.now() - began < 10_000);
  });

  describe("kubectl", () => {
    const dir = mkdtempSync(path.join(tmpdir(), "orrery-kubectl-"));
    const saved = process.env.PATH;
    before(() => {
      const fake = path.join(dir, "kubectl");
      writeFileSync(fake, '#!/bin/sh\necho "$@"\necho "${PULUMI_CONFIG_PASSPHRASE-none}"\n');
      chmodSync(fake, 0o755);
      process.env.PATH = `${dir}:${saved ?? ""}`;
    });
    after(() => {
      process.env.PATH = saved;
      rmSync(dir, { recursive: true });
    });

    it("waits for an answer for a minute, and for what it watches as long as it is told", async () => {
      const kubectl = new Kubectl("n", {});
      const said = async (...words: readonly string[]) => (await kubectl.output(words)).split("\n")[0];
      assert.equal(await said("get", "pods"), "--namespace n get pods --request-timeout=60s");
      assert.equal(
        await said("rollout", "status", "deployment/x", "--timeout=600s"),
        "--namespace n rollout status deployment/x --timeout=600s",
      );
    });

    it("is named by its command when it fails, not by an option before it", async () => {
      const options = ["--git-dir", "/nowhere", "--work-tree=/nowhere"];
      await assert.rejects(output("git", [...options, "log"]), /^Error: git log failed: /);
    });

    it("does not see the passphrase", async () => {
      const given = process.env.PULUMI_CONFIG_PASSPHRASE;
      process.env.PULUMI_CONFIG_PASSPHRASE = "private";
      try {
        assert.match(await new Kubectl(undefined, {}).output(["get"]), /\nnone\n$/);
        assert.match(await output("kubectl", ["get"]), /\nnone\n$/);
      } finally {
        if (given === undefined) Reflect.deleteProperty(process.env, "PULUMI_CONFIG_PASSPHRASE");
        else process.env.PULUMI_CONFIG_PASSPHRASE = given;
      }
    });
  });
});

describe("hubtraf", () => {
  it("takes no password on its command line, which everyone on the machine reads", () => {
    assert.throws(() => hubtraf.prepare(["--stack", "stage", "--password", "x"]), /--password/);
  });
});
