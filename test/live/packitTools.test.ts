/** Packit's commands that need no cluster, on real git repositories and with the real OpenSSL and OpenSSH. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, privateDecrypt, constants, X509Certificate } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { parseDocument } from "yaml";
import { installPackages } from "../../lab/openstack/packages.ts";
import { ops } from "./packitOps/ops.ts";

describe("Packit's commands without a cluster", function () {
  this.timeout(120_000);
  let dir: string;
  before(async () => {
    await installPackages(["git", "openssl", "openssh-client"], () => undefined);
    dir = mkdtempSync(path.join(tmpdir(), "packit-tools-"));
  });
  after(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  describe("move-stable", () => {
    const author = {
      GIT_AUTHOR_NAME: "t",
      GIT_AUTHOR_EMAIL: "t@example.org",
      GIT_COMMITTER_NAME: "t",
      GIT_COMMITTER_EMAIL: "t@example.org",
    };
    const env = { ...process.env, ...author, GIT_CONFIG_GLOBAL: "/dev/null" };
    const git = (cwd: string, ...args: string[]): string =>
      execFileSync("git", args, { cwd, env, encoding: "utf8" }).trim();
    const bare = (name: string): string => path.join(dir, "hub", name);
    const stable = (name: string): string => git(bare(name), "rev-parse", "stable");
    const commits = new Map<string, string[]>();

    before(() => {
      // What GitHub has: two repositories with three commits on main, stable at the first, and one on another branch.
      for (const name of ["tokman", "dashboard"]) {
        const work = path.join(dir, "work", name);
        mkdirSync(work, { recursive: true });
        git(work, "init", "--quiet", "--initial-branch", "main");
        const made = ["one", "two", "three"].map((subject) => {
          git(work, "commit", "--quiet", "--allow-empty", "-m", subject);
          return git(work, "rev-parse", "HEAD");
        });
        git(work, "branch", "stable", made[0] ?? "");
        git(work, "checkout", "--quiet", "-b", "feature");
        git(work, "commit", "--quiet", "--allow-empty", "-m", "not merged");
        commits.set(name, [...made, git(work, "rev-parse", "HEAD")]);
        git(dir, "clone", "--quiet", "--bare", work, bare(name));
      }
    });

    const move = (...words: string[]): ReturnType<typeof ops> =>
      ops(["move-stable", ...words, "--repo-store", path.join(dir, "store"), "--base", `${dir}/hub/`], env);
    const of = (name: string, index: number): string => commits.get(name)?.[index] ?? "";

    it("move-stable shows in a dry run what would be included, and moves nothing", async () => {
      const { code, stdout, stderr } = await move("tokman", "--dry-run");
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^tokman: stable \w{7} -> \w{7}, 2 commits\n {2}\w{7} three\n {2}\w{7} two\n$/);
      assert.equal(stable("tokman"), of("tokman", 0));
    });

    it("move-stable moves several to a named commit or main's newest, and says when there is nothing to do", async () => {
      const { code, stderr } = await move(`tokman=${of("tokman", 1).slice(0, 10)}`, "dashboard", "--yes");
      assert.equal(code, 0, stderr);
      assert.deepEqual([stable("tokman"), stable("dashboard")], [of("tokman", 1), of("dashboard", 2)]);
      const again = await move("dashboard", "--yes");
      assert.match(again.stdout, /^dashboard: stable is at \w{7} already\n$/);
    });

    it("move-stable moves none when one of them cannot be moved", async () => {
      const cases: readonly (readonly [string, RegExp, number])[] = [
        ["dashboard=0000000", /orrery: dashboard: there is no commit 0000000/, 1],
        [
          `dashboard=${of("dashboard", 3)}`,
          /orrery: dashboard: there is no commit|is not on main; stable holds only what was merged/,
          1,
        ],
        [`dashboard=${of("dashboard", 0)}`, /orrery: stable of dashboard would lose commits; nothing was moved/, 1],
        ["nothing", /orrery: there is no repository "nothing"; there are packit, /, 2],
      ];
      for (const [word, message, code] of cases) {
        const outcome = await move("tokman", word, "--yes");
        assert.equal(outcome.code, code, outcome.stderr);
        assert.match(outcome.stderr, message);
        assert.equal(stable("tokman"), of("tokman", 1));
      }
      const unasked = await move("tokman");
      assert.equal(unasked.code, 2, "nobody is at the terminal");
      assert.equal(stable("tokman"), of("tokman", 1));
    });

    it("move-stable goes back only on request, and leaves a branch that somebody else moved meanwhile", async () => {
      const back = await move(`dashboard=${of("dashboard", 0)}`, "--back", "--yes");
      assert.equal(back.code, 0, back.stderr);
      assert.equal(stable("dashboard"), of("dashboard", 0));
      // Somebody moves the branch between the look and the push: a hook of git's own, as late as that can be.
      const hook = path.join(dir, "store", "dashboard", ".git", "hooks", "pre-push");
      writeFileSync(hook, `#!/bin/sh\ngit -C '${bare("dashboard")}' branch -f stable ${of("dashboard", 1)}\n`, {
        mode: 0o755,
      });
      const raced = await move("dashboard", "--yes");
      rmSync(hook);
      assert.equal(raced.code, 1);
      assert.match(raced.stderr, /orrery: dashboard: stable was moved by someone else meanwhile; check again/);
      assert.equal(stable("dashboard"), of("dashboard", 1));
    });
  });

  describe("secrets", () => {
    const folder = (): string => path.join(dir, "dev");
    const content = (name: string): string => readFileSync(path.join(folder(), name), "utf8");

    it("generate-secrets creates every file, which OpenSSL and OpenSSH accept, and keeps existing ones", async () => {
      mkdirSync(folder());
      const app = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
        format: "pem",
        type: "pkcs8",
      });
      writeFileSync(path.join(folder(), "private-key.pem"), app);
      const first = await ops([
        "generate-secrets",
        "--out",
        folder(),
        "--set",
        "fas_user=me",
        "--set",
        "copr_token=a=b",
      ]);
      assert.equal(first.code, 0, first.stderr);
      assert.deepEqual(readdirSync(folder()).sort(), [
        ...["centos-server-ca.cert", "centos.cert", "copr", "fedora.keytab", "fedora.toml", "fullchain.pem", "id_rsa"],
        ...["id_rsa.pub", "packit-service.yaml", "private-key.pem", "privkey.pem", "sentry_key", "ssh_config"],
      ]);
      assert.equal(content("private-key.pem"), app);
      const certificate = new X509Certificate(content("fullchain.pem"));
      assert.ok(certificate.checkPrivateKey(createPrivateKey(content("privkey.pem"))));
      assert.equal(certificate.checkHost("localhost"), "localhost");
      const derived = execFileSync("ssh-keygen", ["-y", "-f", path.join(folder(), "id_rsa")], { encoding: "utf8" });
      assert.equal(
        content("id_rsa.pub").split(" ").slice(0, 2).join(" "),
        derived.trim().split(" ").slice(0, 2).join(" "),
      );
      const config = parseDocument(content("packit-service.yaml")).toJS() as Record<string, unknown>;
      assert.equal(config.fas_user, "me");
      assert.match(content("copr"), /^token = a=b$/m);
      const before_ = readdirSync(folder()).map((name) => content(name));
      const second = await ops(["generate-secrets", "--out", folder()]);
      assert.equal(second.code, 0, second.stderr);
      assert.deepEqual(
        readdirSync(folder()).map((name) => content(name)),
        before_,
      );
      assert.match((await ops(["generate-secrets", "--set", "fasuser=x"])).stderr, /--set fasuser=x: give NAME=VALUE/);
    });

    it("zuul-secrets encrypts for the project's key, which decrypts it byte for byte", async () => {
      const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 4096 });
      const pem = publicKey.export({ format: "pem", type: "spki" });
      const asked: (string | undefined)[] = [];
      const zuul = createServer((request, answer) => {
        asked.push(request.url);
        answer.end(pem);
      }).listen(0, "127.0.0.1");
      await new Promise((resolve) => zuul.once("listening", resolve));
      writeFileSync(path.join(folder(), "fedora.keytab"), Buffer.from([5, 2, 0, 255, 128]));
      const out = path.join(dir, "zuul");
      const url = `http://127.0.0.1:${(zuul.address() as AddressInfo).port}/zuul/`;
      const { code, stderr } = await ops(["zuul-secrets", "--from", folder(), "--out", out, "--url", url]);
      zuul.close();
      assert.equal(code, 0, stderr);
      assert.deepEqual(asked, ["/zuul/api/tenant/local/key/packit-service/packit-service.pub"]);
      const names = readdirSync(out).map((name) => name.replace(/-secret\.yaml$/, ""));
      assert.deepEqual(names.sort(), [
        "copr",
        "fedora_keytab",
        "fullchain",
        "id_rsa",
        "id_rsa_pub",
        "packit_service",
        "private_key",
        "privkey",
        "ssh_config",
      ]);
      const sources: Record<string, string> = {
        id_rsa_pub: "id_rsa.pub",
        packit_service: "packit-service.yaml",
        id_rsa: "id_rsa",
        fullchain: "fullchain.pem",
      };
      for (const [name, file] of Object.entries(sources)) {
        assert.equal(decrypted(out, name, privateKey).toString(), content(file), name);
      }
      assert.equal(
        decrypted(out, "fedora_keytab", privateKey).toString(),
        Buffer.from([5, 2, 0, 255, 128]).toString("base64"),
      );
      // OpenSSL agrees with Node about the first block.
      const block = blocks(out, "id_rsa")[0] ?? "";
      writeFileSync(path.join(dir, "block"), Buffer.from(block, "base64"));
      writeFileSync(path.join(dir, "zuul.key"), privateKey.export({ format: "pem", type: "pkcs8" }));
      const opened = execFileSync("openssl", [
        ...["pkeyutl", "-decrypt", "-inkey", path.join(dir, "zuul.key"), "-in", path.join(dir, "block")],
        ...["-pkeyopt", "rsa_padding_mode:oaep"],
      ]);
      assert.equal(opened.toString(), content("id_rsa").slice(0, opened.length));
    });

    const blocks = (out: string, name: string): readonly string[] => {
      const document = parseDocument(readFileSync(path.join(out, `${name}-secret.yaml`), "utf8"), {
        logLevel: "silent",
      });
      const [one] = document.toJS() as { secret: { name: string; data: { value: string[] } } }[];
      assert.equal(one?.secret.name, name);
      return one.secret.data.value.map((block) => block.replaceAll(" ", ""));
    };
    const decrypted = (out: string, name: string, key: ReturnType<typeof createPrivateKey>): Buffer =>
      Buffer.concat(
        blocks(out, name).map((block) =>
          privateDecrypt(
            { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha1" },
            Buffer.from(block, "base64"),
          ),
        ),
      );

    it("zuul-secrets writes nothing when files are missing or the key is malformed", async () => {
      const out = path.join(dir, "refused");
      const poor = path.join(dir, "poor");
      cpSync(folder(), poor, { recursive: true });
      for (const name of ["copr", "privkey.pem"]) rmSync(path.join(poor, name));
      writeFileSync(path.join(dir, "bad.pub"), "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
      const missing = await ops([
        "zuul-secrets",
        "--from",
        poor,
        "--out",
        out,
        "--public-key",
        path.join(dir, "bad.pub"),
      ]);
      assert.equal(missing.code, 1);
      assert.match(missing.stderr, /^orrery: \S+poor lacks copr, privkey\.pem; nothing was written\n$/);
      const malformed = await ops([
        "zuul-secrets",
        "--from",
        folder(),
        "--out",
        out,
        "--public-key",
        path.join(dir, "bad.pub"),
      ]);
      assert.equal(malformed.code, 1);
      assert.match(malformed.stderr, /^orrery: Zuul's public key is malformed: expected an RSA key in PEM .*\n$/);
      assert.ok(!existsSync(out));
    });
  });
});
