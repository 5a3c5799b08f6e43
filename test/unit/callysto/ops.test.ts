/** The parts of Callysto's day-2 commands that need no guest; live tests run them inside one. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { parse } from "yaml";
import { callystoSchema, type CallystoSettings } from "../../../components/callysto/config.ts";
import { receiverFile } from "../../../components/callysto/guest/certificate.ts";
import { workVolume } from "../../../components/callysto/guest/workVolume.ts";
import { openSalt } from "../../../config/passphrase.ts";
import { publicKeyLine, sample, samplePassphrase } from "../../../config/samples.ts";
import { setSecret } from "../../../config/stackEdit.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import type { Environment } from "../../../ops/lib/callysto/environment.ts";
import { loadOf } from "../../../ops/commands/callysto/hubtraf.ts";
import { plan } from "../../../ops/commands/callysto/notebook-images.ts";
import { readCertificate } from "../../../ops/commands/callysto/push-certificate.ts";
import { checkedSize, checkedUser, homesOf } from "../../../ops/lib/callysto/homes.ts";
import { checkVolumes } from "../../../ops/commands/callysto/rebuild.ts";
import { swapped } from "../../../ops/commands/callysto/replace-volume.ts";
import { main } from "../../../cli/main.ts";
import { explain } from "../../../cli/onGuest.ts";
import { hub } from "./fixture.ts";

function environment(more: object): Environment {
  const settings: CallystoSettings = callystoSchema.settings.parse({
    cloud: "lab",
    deployKey: publicKeyLine("deploy"),
    zones: {},
    environments: { "hub-dev": { ...hub, ...more } },
  });
  const one = settings.environments["hub-dev"];
  assert.ok(one);
  return { stack: { name: "x", file: "x", settings }, name: "hub-dev", settings: one };
}

describe("Callysto's commands", () => {
  let dir: string;
  let file: string;
  before(() => {
    dir = mkdtempSync(path.join(tmpdir(), "callysto-ops-"));
    file = path.join(dir, "Pulumi.stage.yaml");
    copyFileSync(stackPath("stage"), file);
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  /** Runs the command line on a copy of stage's stack file, in this process. */
  async function ops(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const [printed, complained]: [string[], string[]] = [[], []];
    const { log, error } = console;
    console.log = (line: string) => void printed.push(line);
    console.error = (line: string) => void complained.push(line);
    try {
      const code = await main(["callysto", ...words]);
      return { code, stdout: printed.join("\n"), stderr: complained.join("\n") };
    } finally {
      Object.assign(console, { log, error });
    }
  }
  const stage = (...words: string[]): ReturnType<typeof ops> =>
    ops(...words, "--stack", "stage", "--config-file", file);

  it("each of Callysto's commands prints help, and each that changes something has --dry-run", async () => {
    const { stdout } = await ops("--help");
    const names = [...stdout.matchAll(/^ {2}([\w-]+) {2}/gm)].map(([, name]) => name ?? "");
    assert.equal(names.length, 14);
    for (const name of names) {
      const { code, stdout: help } = await ops(name, "--help");
      assert.equal(code, 0, name);
      assert.match(help, new RegExp(`^Usage: npx orrery callysto ${name} `), name);
      assert.ok(
        help.split("\n").every((line) => line.length <= 130),
        name,
      );
      assert.equal(help.includes("--dry-run"), !["cloud-quota", "hubtraf"].includes(name), name);
    }
  });

  it("an invalid user, size or environment is refused before any request is made", async () => {
    for (const [words, message] of [
      [["quota"], /^orrery: say get or set$/m],
      [["quota", "set", "andrew"], /^orrery: SIZE is missing: give 500M, 10G or none$/],
      [["quota", "set", "andrew", "ten"], /^orrery: "ten" is not a size: /],
      [["quota", "set", "../andrew", "1G"], /^orrery: "\.\.\/andrew" is not a user name: /],
      [["quota", "get", "a", "1G"], /^orrery: quota get takes one user at most$/],
      [["ban"], /^orrery: USER is missing$/m],
      [["ban", "Andrew"], /^orrery: "Andrew" is not a user name/],
      [["update", "--environment", "hub-x"], /^orrery: stack stage has no environment "hub-x"; there are: hub-dev$/],
      [["luks", "open"], /^orrery: stack stage has no environment of kind clavius$/],
      [["luks", "destroy"], /^orrery: "destroy" is not one of format, open, close, status/],
      [["announcement"], /^orrery: TEXT is missing/],
      [["push-certificate"], /^orrery: --from FOLDER is missing/],
      [["ban", "a@b@c"], /^orrery: "a@b@c" is not a user name: .*, or an address$/],
      [["rename-homes", "--apply", "--dry-run"], /^orrery: either --apply or --dry-run$/],
      [["hubtraf", "--users", "0"], /^orrery: --users is "0"; give a whole number from 1 to 1000$/m],
      [["hubtraf", "--url", "https://hub.example.org"], /^orrery: --url is .*; give https:\/\/HUB\/jupyter$/],
    ] as const) {
      const { code, stderr } = await stage(...words);
      assert.equal(code, 2, words.join(" "));
      assert.match(stderr, message);
    }
    assert.equal(checkedUser("a.b-c_1"), "a.b-c_1");
    assert.equal(checkedUser("o'brien+1@school.example.org"), "o'brien+1@school.example.org");
    assert.deepEqual(["none", "10G", "1.5T"].map(checkedSize), ["none", "10G", "1.5T"]);
    for (const bad of ["0", "0G", "-1G", "1GB", "1 G", ""]) assert.throws(() => checkedSize(bad), bad);
  });

  it("homes are read from zfs's list", () => {
    assert.deepEqual(
      homesOf("tank/home\t96K\tnone\ntank/home/b.c\t24K\t10G\ntank/home/a\t1G\t1G\ntank/home/aX40b.org\t1K\t1G\n"),
      [
        { name: "a", used: "1G", refquota: "1G" },
        { name: "a@b.org", used: "1K", refquota: "1G" },
        { name: "b.c", used: "24K", refquota: "10G" },
        { name: "home", used: "96K", refquota: "none" },
      ],
    );
  });

  it("the announcement command changes the setting, verbatim, and no other byte of the file", async () => {
    const before = readFileSync(file, "utf8");
    const text = `It's "down" <b>today</b>`;
    const dry = await stage("announcement", text, "--dry-run");
    assert.match(
      dry.stdout,
      /^would set callysto:settings\.environments\.hub-dev\.guest\.jupyterhub\.announcement to /,
    );
    assert.equal(readFileSync(file, "utf8"), before);
    assert.equal((await stage("announcement", text, "--no-up")).code, 0);
    const settings = (parse(readFileSync(file, "utf8")) as { config: Record<string, CallystoSettings> }).config[
      "callysto:settings"
    ];
    const one = settings?.environments["hub-dev"];
    assert.ok(one?.kind === "hub");
    assert.equal(one.guest?.jupyterhub.announcement, text);
    assert.match((await stage("announcement", text, "--no-up")).stdout, /announces that already/);
    await stage("announcement", "--clear", "--no-up");
    assert.match((await stage("announcement", "--clear")).stdout, /announces nothing already/);
  });

  it("rebuild changes a token, and never loses homes that are protected or created elsewhere", async () => {
    const { stdout } = await stage("rebuild", "--token", "today", "--dry-run");
    assert.match(stdout, /would set .*rebuildToken to today\nwould replace the server of hub-dev$/);
    assert.throws(() => {
      checkVolumes(environment({}), "hub-dev");
    }, /are protected; .* set environments\.hub-dev\.disposable: true and deploy first/);
    const existing = environment({ volumes: { mode: "existing", volumes: ["a", "b"] }, disposable: true });
    assert.throws(() => {
      checkVolumes(existing, "hub-dev");
    }, /were made outside the stack and hold its homes; they are never replaced/);
    assert.throws(() => {
      checkVolumes(environment({ disposable: true }), "hub-prod");
    }, /say so by --lose-homes-of hub-dev/);
    checkVolumes(environment({ disposable: true }), "hub-dev");
  });

  it("replace-volume puts a new volume in the old one's place in the mirror", () => {
    const prod = environment({ volumes: { mode: "existing", volumes: ["a", "b"] } });
    assert.deepEqual(swapped(prod, "a", "c"), ["c", "b"]);
    assert.deepEqual(swapped(prod, "b", "c"), ["a", "c"]);
    assert.throws(() => swapped(prod, "c", "d"), /c is not a volume of hub-dev; it has a and b/);
    assert.throws(() => swapped(prod, "a", "b"), /b is one of the two volumes of hub-dev already/);
    assert.throws(() => swapped(environment({}), "a", "c"), /are the stack's own/);
  });

  it("a stack file for a new environment is written completely or not at all", async () => {
    const made = await stage("new", "workshop", "--into", dir);
    assert.equal(made.code, 0, made.stderr);
    const check = spawnSync(process.execPath, ["review/cli.ts", "--help"], { encoding: "utf8" });
    assert.equal(check.status, 0);
    const { config } = parse(readFileSync(path.join(dir, "Pulumi.workshop.yaml"), "utf8")) as {
      config: Record<string, { environments: Record<string, object>; zones: object }>;
    };
    assert.deepEqual(Object.keys(config).sort(), [
      "callysto:deployPrivateKey",
      "callysto:dummyPassword-hub-workshop",
      "callysto:settings",
      "clouds:rac",
      "clouds:settings",
    ]);
    const { environments, zones } = config["callysto:settings"] ?? { environments: {}, zones: {} };
    assert.deepEqual(zones, { "callysto.farm": { mode: "existing" } });
    assert.partialDeepStrictEqual(environments["hub-workshop"], {
      name: { mode: "pet" },
      flavor: "m1.40g100g4c8g",
      volumes: { mode: "new", size: 25 },
      floatingIp: { mode: "none" },
      guest: { jupyterhub: { authenticator: "dummypw" } },
    });
    const { encryptionSalt = "", entries } = readStackFile(path.join(dir, "Pulumi.workshop.yaml"));
    const drawn = entries.get("callysto:dummyPassword-hub-workshop");
    assert.equal(drawn?.secret, true);
    // A file of samples has a published passphrase, so its password is a sample, too.
    const password = openSalt(encryptionSalt, samplePassphrase("workshop")).decrypt(drawn.value);
    assert.equal(password, sample("text", "callysto:dummyPassword-hub-workshop"));
    assert.match((await stage("new", "workshop", "--into", dir)).stderr, /Pulumi\.workshop\.yaml exists already/);
    for (const [words, message] of [
      [["--template", "prod"], /give --volume twice and --floating-ip ADDRESS/],
      [["--volume", "a"], /--volume is given twice/],
      [["--template", "ci"], /--template is "ci"; it takes dev, prod/],
      [["--domain", "example.org"], /"example\.org" is not a domain of the stack; there are: callysto\.farm/],
      [["--label", "x_y"], /environments\.hub-other\.name\.label/],
    ] as const) {
      const refused = await stage("new", "other", "--into", dir, ...words);
      assert.notEqual(refused.code, 0);
      assert.match(refused.stderr, message);
    }
    assert.deepEqual(readdirSync(dir).sort(), ["Pulumi.stage.yaml", "Pulumi.workshop.yaml"]);
  });

  it("no stack file is written with another stack's secrets under a published passphrase", async () => {
    const committed = readFileSync(file, "utf8");
    const own = openSalt(readStackFile(file).encryptionSalt ?? "", samplePassphrase("stage"));
    writeFileSync(file, setSecret(committed, "clouds:rac", own.encrypt("REAL-CLOUD-PASSWORD")));
    try {
      const refused = await stage("new", "drill", "--into", dir);
      assert.equal(refused.code, 2);
      assert.equal(
        refused.stderr,
        "orrery: stage has secrets of its own (clouds:rac), and the new file would have a published passphrase: " +
          "put one of its own into PULUMI_CONFIG_PASSPHRASE; nothing was written",
      );
      assert.ok(!existsSync(path.join(dir, "Pulumi.drill.yaml")));
      process.env.PULUMI_CONFIG_PASSPHRASE = "one of its own";
      const made = await stage("new", "drill", "--into", dir);
      assert.equal(made.code, 0, made.stderr);
      const { encryptionSalt = "", entries } = readStackFile(path.join(dir, "Pulumi.drill.yaml"));
      const drill = openSalt(encryptionSalt, "one of its own");
      assert.equal(drill.decrypt(entries.get("clouds:rac")?.value ?? ""), "REAL-CLOUD-PASSWORD");
      assert.match(drill.decrypt(entries.get("callysto:dummyPassword-hub-drill")?.value ?? ""), /^[\w-]{16}$/);
    } finally {
      delete process.env.PULUMI_CONFIG_PASSPHRASE;
      writeFileSync(file, committed);
      rmSync(path.join(dir, "Pulumi.drill.yaml"), { force: true });
    }
  });

  it("a certificate is accepted only with its key, while valid and for the hub's name", () => {
    const folder = path.join(dir, "certificate");
    execFileSync("mkdir", [folder]);
    const issue = (days: string): void => {
      const subject = ["-subj", "/CN=x", "-addext", "subjectAltName=DNS:*.callysto.farm"];
      const out = ["-keyout", `${folder}/privkey.pem`, "-out", `${folder}/fullchain.pem`, "-days", days];
      execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...subject, ...out], {
        stdio: "ignore",
      });
    };
    const now = new Date();
    assert.throws(() => readCertificate(folder, "hub.callysto.farm", now), /privkey\.pem is missing/);
    issue("10");
    const { pem, until } = readCertificate(folder, "hub-dev.callysto.farm", now);
    assert.match(pem, /^-----BEGIN PRIVATE KEY-----[^]*-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----/);
    for (const host of ["callysto.farm", "a.b.callysto.farm", "hub.callysto.ca"]) {
      assert.throws(
        () => readCertificate(folder, host, now),
        /the certificate is for DNS:\*\.callysto\.farm, not for /,
      );
    }
    assert.throws(
      () => readCertificate(folder, "hub.callysto.farm", new Date(until.getTime() + 1000)),
      /the certificate has expired on /,
    );
    const chain = readFileSync(`${folder}/fullchain.pem`);
    issue("10");
    writeFileSync(`${folder}/fullchain.pem`, chain);
    assert.throws(() => readCertificate(folder, "hub.callysto.farm", now), /the private key is not the certificate's/);
    writeFileSync(`${folder}/privkey.pem`, "nothing");
    assert.throws(() => readCertificate(folder, "hub.callysto.farm", now), /privkey\.pem is not a PEM private key/);
    rmSync(folder, { recursive: true });
  });

  it("hubtraf loads a hub as in the runbook: one user, 10 to 30 s, starting within 5 s", () => {
    const load = { users: 1, minRuntime: 10, maxRuntime: 30, maxStartDelay: 5 };
    assert.deepEqual(loadOf(load), { users: 1, shortest: 10, longest: 30, startDelay: 5 });
    assert.throws(() => loadOf({ ...load, minRuntime: 60 }), /--max-runtime is less than --min-runtime/);
  });

  it("each notebook image is built on the one before it, and nothing is pushed before all are tested", async () => {
    // As in callysto/docker-stacks@cd9474f of 2022 and in a clone of before.
    const present = ["tests/run_tests.py", "tests/base-notebook", "tests/minimal-notebook", "tests/scipy-notebook"];
    const today = (file: string): boolean => [...present, "pims-minimal/test"].includes(file);
    const old = (file: string): boolean => /^[a-z-]+\/test$/.test(file) && !file.startsWith("callysto-swift");
    const steps = plan({ from: "/stacks", hash: "abc1234", swift: true, push: true, has: today });
    const words = steps.map(({ command, args }) => `${command} ${args.join(" ")}`);
    const of = (start: string): string[] => words.filter((line) => line.startsWith(start));
    assert.deepEqual(
      of("docker build").map((line) => line.split("/").at(-1)),
      ["base-notebook", "minimal-notebook", "scipy-notebook", "pims-minimal", "pims-r", "callysto-swift"],
    );
    assert.match(
      of("docker build")[4] ?? "",
      /BASE_CONTAINER=docker\.io\/callysto\/pims-minimal:abc1234 .*--tag \S+:latest/,
    );
    const owner = "docker.io/callysto";
    assert.deepEqual(of("python3"), [
      ...["base", "minimal", "scipy"].map(
        (name) => `python3 -m tests.run_tests --short-image-name ${name}-notebook --owner ${owner}`,
      ),
      "python3 -m pytest -p tests.conftest pims-minimal/test",
    ]);
    assert.equal(
      words.findIndex((line) => line.startsWith("docker push")),
      10,
    );
    assert.equal(of("docker push").length, 12);
    const before = plan({ from: "/stacks", hash: "h", swift: false, push: false, has: old });
    assert.deepEqual(
      before.flatMap(({ command, args, env }) =>
        command === "python3" ? [`${args.at(-1) ?? ""} ${env?.TEST_IMAGE ?? ""}`] : [],
      ),
      ["base-notebook", "minimal-notebook", "scipy-notebook", "pims-minimal", "pims-r"].map(
        (name) => `${name}/test ${owner}/${name}:h`,
      ),
    );
    const git = (...args: string[]): void => void execFileSync("git", ["-C", clone, ...args], { stdio: "ignore" });
    const clone = path.join(dir, "stacks");
    execFileSync("git", ["init", "-q", clone]);
    assert.match((await ops("notebook-images", "--from", clone)).stderr, /is not a clone of docker-stacks/);
    for (const name of [
      "base-notebook",
      "minimal-notebook",
      "scipy-notebook",
      "pims-minimal",
      "pims-r",
      "callysto-swift",
    ]) {
      execFileSync("mkdir", [path.join(clone, name)]);
      writeFileSync(path.join(clone, name, "Dockerfile"), "FROM scratch\n");
    }
    assert.match((await ops("notebook-images", "--from", dir)).stderr, /is not a clone of docker-stacks/);
    git("add", "-A");
    git("-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "x");
    const dry = await ops("notebook-images", "--from", clone, "--dry-run");
    assert.equal(dry.code, 0, dry.stderr);
    assert.equal(dry.stdout.split("\n").length, 5);
    assert.match(dry.stderr, /^the clone has no tests of pims-r$/m);
    writeFileSync(path.join(clone, "new"), "");
    assert.match((await ops("notebook-images", "--from", clone)).stderr, /has changes; commit them/);
    rmSync(clone, { recursive: true });
  });

  it("an unreachable guest is reported with the reason", () => {
    const explained = (stderr: string): string => explain({ address: "192.0.2.1", user: "ptty2u" }, stderr);
    assert.match(
      explained("No ED25519 host key is known.\nHost key verification failed."),
      /has another host key than the stack knows/,
    );
    assert.match(explained("ptty2u@192.0.2.1: Permission denied (publickey)."), /does not let ptty2u in/);
    assert.equal(
      explained("ssh: connect to host 192.0.2.1 port 22: Connection timed out"),
      "192.0.2.1 does not answer SSH: ssh: connect to host 192.0.2.1 port 22: Connection timed out",
    );
  });

  it("scripts that run inside guests are valid bash", () => {
    const scripts = [receiverFile("hub.callysto.farm"), ...(workVolume("v1").files ?? [])];
    for (const { text } of scripts) execFileSync("bash", ["-n"], { input: text });
  });
});
