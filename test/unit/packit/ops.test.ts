import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { packitSchema } from "../../../components/packit/config.ts";
import { openSalt } from "../../../config/passphrase.ts";
import { samplePassphrase } from "../../../config/samples.ts";
import { wantedSecrets } from "../../../config/secrets.ts";
import { put } from "../../../config/stackEdit.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { sameServer } from "../../../ops/lib/kube/cluster.ts";
import { main } from "../../../cli/main.ts";
import { differences } from "../../../ops/lib/packit/database/copy.ts";
import { quantityBytes, repeatable, size } from "../../../ops/lib/packit/database/sql.ts";
import { ofServer } from "../../../ops/lib/packit/database/forget.ts";
import { fileSecrets } from "../../../ops/lib/packit/secretFiles.ts";
import { deploymentRevisions, statefulSetRevisions, targetOf } from "../../../ops/lib/packit/revisions.ts";
import { componentsOf, urnsOf } from "../../../ops/lib/packit/components.ts";
import { under } from "../../../ops/lib/resources.ts";
import { writers } from "../../../ops/lib/packit/writers.ts";
import { buildPackit, everything, production, settings } from "./fixture.ts";

describe("Packit's commands", () => {
  let [dir, file]: [string, string] = ["", ""];
  before(() => {
    dir = mkdtempSync(path.join(tmpdir(), "packit-ops-"));
    file = path.join(dir, "Pulumi.stage.yaml");
    copyFileSync(stackPath("stage"), file);
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  /** Runs a command line in this process. */
  async function run(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const [printed, complained]: [string[], string[]] = [[], []];
    const { log, error } = console;
    console.log = (line: string) => void printed.push(line);
    console.error = (line: string) => void complained.push(line);
    try {
      const code = await main(["packit", ...words]);
      return { code, stdout: printed.join("\n"), stderr: complained.join("\n") };
    } finally {
      Object.assign(console, { log, error });
    }
  }
  /** The same on a copy of stage's stack file. */
  const ops = (...words: string[]): ReturnType<typeof run> => run(...words, "--stack", "stage", "--config-file", file);

  it("generate-secrets refuses a placeholder's value whose name is only JavaScript's own", async () => {
    const refused = await run("generate-secrets", "--dry-run", "--out", dir, "--set", "toString=1");
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /^orrery: --set toString=1: give NAME=VALUE, NAME one of /);
  });

  it("servers are distinguished however their URL is written", () => {
    assert.ok(sameServer("https://api.example.org", "https://api.example.org:443/"));
    assert.ok(!sameServer("https://api.example.org:6443", "https://api.example.org:8443"));
    assert.ok(!sameServer("https://api.example.org", "http://api.example.org"));
    assert.ok(!sameServer("https://console.pro-eu-west-1.openshift.com", "https://127.0.0.1:8443"));
  });

  it("everything that writes to the database is stopped, beat first", () => {
    assert.deepEqual(
      writers(settings()).map(({ kind, name }) => `${kind} ${name}`),
      [
        "Deployment packit-service-beat",
        ...["long-running", "short-running"].map((flavour) => `StatefulSet packit-worker-${flavour}`),
        "StatefulSet packit-worker",
        "Deployment packit-service",
      ],
    );
  });

  it("roles are created idempotently, in a form that pg_dumpall's \\\\restrict accepts", () => {
    const dumped = `\\restrict x\nCREATE ROLE "it's";\nALTER ROLE "it's" WITH LOGIN PASSWORD 'x';\nCREATE ROLE packit;\n\\unrestrict x\n`;
    const made = repeatable(dumped);
    assert.equal(
      made.split("\n")[1],
      `DO $orrery$BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE '"it''s"' IN (rolname, quote_ident(rolname))) THEN CREATE ROLE "it's"; END IF; END$orrery$;`,
    );
    assert.deepEqual(
      made.split("\n").filter((line) => line.startsWith("\\")),
      ["\\restrict x", "\\unrestrict x"],
    );
    assert.ok(made.includes(`\nALTER ROLE "it's" WITH LOGIN PASSWORD 'x';\n`));
  });

  it("database copies are compared table by table", () => {
    const old = [
      { name: "public.a", count: 5 },
      { name: "public.b", count: 0 },
      { name: "public.c", count: 1 },
    ];
    assert.deepEqual(differences(old, old), []);
    assert.deepEqual(
      differences(old, [
        old[1] ?? { name: "", count: 0 },
        { name: "public.c", count: 2 },
        { name: "public.d", count: 0 },
      ]),
      ["public.a: 5 before, nothing now", "public.c: 1 before, 2 now", "public.d: nothing before, 0 now"],
    );
  });

  it("sizes are parsed and formatted", () => {
    assert.deepEqual(["1Gi", "512Mi", "10Ki"].map(quantityBytes), [2 ** 30, 2 ** 29, 10240]);
    assert.deepEqual([0, 1023, 1536, 2 ** 30].map(size), ["0 B", "1023 B", "1.5 KiB", "1.0 GiB"]);
  });

  it("revisions are listed, and undo finds the one to go back to", () => {
    const set = (revision: number, digest: string | undefined, image = "packit-service:stg") => ({
      metadata: {
        creationTimestamp: `2026-01-0${revision}`,
        annotations: { "deployment.kubernetes.io/revision": `${revision}` },
        ownerReferences: [{ kind: "Deployment", name: "packit-service" }],
      },
      spec: {
        template: {
          metadata: { annotations: digest === undefined ? {} : { "orrery/image": digest } },
          spec: { containers: [{ image }] },
        },
      },
    });
    const all = deploymentRevisions("packit-service", [set(1, undefined), set(3, "sha256:c"), set(2, "sha256:b")]);
    assert.deepEqual(
      all.map(({ revision, digest, current }) => [revision, digest, current]),
      [
        [3, "sha256:c", true],
        [2, "sha256:b", false],
        [1, undefined, false],
      ],
    );
    // A pin leaves the annotation, which has what was imported last.
    const [pinned] = deploymentRevisions("packit-service", [set(4, "sha256:c", "packit-service@sha256:b")]);
    assert.equal(pinned?.digest, "sha256:b");
    assert.equal(targetOf("x", all, undefined).revision, 2);
    assert.equal(targetOf("x", all, 1).revision, 1);
    assert.throws(() => targetOf("x", all, 3), /revision 3 of x is what runs/);
    assert.throws(() => targetOf("x", all, 9), /x has no revision 9; it has 3, 2, 1/);
    assert.throws(() => targetOf("x", all.slice(0, 1), undefined), /x has no earlier revision; it has 3/);
    const controlled = [1, 2].map((revision) => ({
      revision,
      metadata: { creationTimestamp: "2026-01-01", ownerReferences: [{ kind: "StatefulSet", name: "packit-worker" }] },
      data: { spec: { template: { spec: { containers: [{ image: `w@sha256:${revision}` }] } } } },
    }));
    assert.deepEqual(
      statefulSetRevisions("packit-worker", controlled).map(({ digest, current }) => [digest, current]),
      [
        ["sha256:2", true],
        ["sha256:1", false],
      ],
    );
  });

  it("a service's resources, and those of one server, are selected from a state", () => {
    const all = [
      { urn: "stack", type: "pulumi:pulumi:Stack" },
      { urn: "urn::packit", type: "orrery:packit:Packit", parent: "stack" },
      { urn: "urn::stream", type: "orrery:packit:Packit", parent: "stack" },
      { urn: "a", type: "orrery:packit:Postgres", parent: "urn::packit" },
      {
        urn: "b",
        type: "kubernetes:apps/v1:Deployment",
        parent: "a",
        inputs: { metadata: { name: "postgres-12", namespace: "p" } },
      },
      {
        urn: "c",
        type: "kubernetes:apps/v1:Deployment",
        parent: "urn::stream",
        inputs: { metadata: { name: "postgres-12", namespace: "s" } },
      },
    ];
    assert.deepEqual(
      under(all, ({ urn }) => urn.endsWith("::packit")).map(({ urn }) => urn),
      ["urn::packit", "a", "b"],
    );
    assert.deepEqual(
      ofServer(all, "p", "postgres-12").map(({ urn }) => urn),
      ["b"],
    );
  });

  it("cleanup never removes production, whatever the options say", async () => {
    for (const service of ["packit", "stream"]) {
      const { code, stderr } = await run("cleanup", "--stack", "prod", "--service", service, "--yes");
      assert.equal(code, 1);
      assert.equal(stderr, "orrery: this is production; cleanup never removes it, and nothing was removed");
    }
  });

  it("pin writes a digest into the settings and unpin removes it, leaving every other byte as it was", async () => {
    const before_ = readFileSync(file, "utf8");
    const digest = `sha256:${"ab".repeat(32)}`;
    assert.match(
      (await ops("pin", "packit-worker", digest, "--dry-run")).stdout,
      /^would set packit-worker from quay\.io\/packit\/packit-worker:stg to \S+@sha256:abab/,
    );
    assert.equal(readFileSync(file, "utf8"), before_);
    assert.equal((await ops("pin", "worker", digest)).code, 0);
    const pinned = readFileSync(file, "utf8");
    assert.match(pinned, /\n {4}images: \{ ?worker: \{ ?digest: "?sha256:(ab){32}"? ?\} ?\}\n/);
    assert.equal(
      (await ops("pin", "worker", digest)).stdout,
      `packit-worker is quay.io/packit/packit-worker@${digest} already`,
    );
    assert.match(
      (await ops("unpin", "packit-worker")).stdout,
      /^set packit-worker from \S+@sha256:\w+ to quay\.io\/packit\/packit-worker:stg\nnext: /,
    );
    assert.equal(readFileSync(file, "utf8").replace(/ *images: \{worker: \{ ?\}\}\n/, ""), before_);
    for (const wrong of ["sha256:abc", "stg", "latest"]) {
      const refused = await ops("pin", "packit-worker", wrong);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /is not a digest: give sha256: and 64 hex digits/);
    }
    assert.match((await ops("pin", "nginx", digest)).stderr, /there is no image "nginx"; there are .*packit-worker/);
  });

  it("deploy accepts the components in the settings, and each is one component of the program", async () => {
    const { code, stdout } = await ops("deploy", "--list");
    assert.equal(code, 0);
    assert.deepEqual(stdout.split("\n"), [
      ...["secrets", "imports", "sandbox", "postgres", "redis", "tokman", "packit-service", "packit-worker"],
      ...["packit-service-beat", "fedmsg", "dashboard", "pushgateway"],
    ]);
    for (const [word, message] of [
      ["nginx", /there is no component "nginx"; there are secrets, /],
      ["flower", /flower is switched off in the settings; there are secrets, /],
    ] as const) {
      const refused = await ops("deploy", "redis", word);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, message);
    }
    assert.match((await ops("deploy")).stderr, /COMPONENT is missing; there are secrets, /);
    const validated = { ...everything, validation: { cluster: "lab", namespace: { name: "v" } } };
    const made = (await buildPackit(validated)).resources.map(({ type }) => type);
    for (const { name, component } of componentsOf(settings(validated)))
      assert.ok(made.includes(`orrery:packit:${component}`), name);
    assert.equal(
      urnsOf("stream", { name: "redis", component: "KeyValue", on: true }),
      "**$orrery:packit:KeyValue**::stream-**",
    );
  });

  describe("load-secrets", () => {
    const folder = (): string => path.join(dir, "stg");
    const service = () => ({ schema: packitSchema, settings: settings({ ...production, deployment: "stg" }) });
    const sampleOf = (name: string): string => {
      const stage = packitSchema.settings.parse(
        JSON.parse(readStackFile(file).entries.get("packit:settings")?.value ?? "{}"),
      );
      return (
        wantedSecrets(packitSchema, stage)
          .find((one) => one.name === name)
          ?.sample("other") ?? ""
      );
    };

    it("load-secrets knows the files of the secrets repository", () => {
      assert.deepEqual(
        fileSecrets(service())
          .map((one) => one.file)
          .sort(),
        [
          ...[
            "centos-server-ca.cert",
            "centos.cert",
            "copr",
            "fedora.keytab",
            "fedora.toml",
            "fullchain.pem",
            "id_rsa",
          ],
          ...["id_rsa.pub", "packit-service.yaml", "private-key.pem", "privkey.pem", "sentry_key", "ssh_config"],
        ],
      );
    });

    it("load-secrets reports all missing and malformed files together, and writes nothing then", async () => {
      mkdirSync(folder());
      for (const { name, file: to, binary } of fileSecrets(service())) {
        writeFileSync(path.join(folder(), to), Buffer.from(sampleOf(name), binary ? "base64" : "utf8"));
      }
      for (const name of ["copr", "id_rsa"]) rmSync(path.join(folder(), name));
      writeFileSync(path.join(folder(), "private-key.pem"), "-----BEGIN RSA PRIVATE KEY-----\nhalf\n");
      const before_ = readFileSync(file, "utf8");
      const { code, stderr } = await ops("load-secrets", folder());
      assert.equal(code, 1);
      assert.match(stderr, /^orrery: nothing was written:\n/);
      assert.match(stderr, /packit:sshPrivateKey: \S+ has no id_rsa\n/);
      assert.match(stderr, /packit:copr: \S+ has no copr\n/);
      assert.match(stderr, /packit:githubAppKey: expected a PEM private key/);
      assert.ok(!stderr.includes("half"), "a secret's text is never printed");
      assert.equal(readFileSync(file, "utf8"), before_);
    });

    it("load-secrets keeps every byte, also of a binary file", async function () {
      for (const name of ["copr", "sshPrivateKey", "githubAppKey"]) {
        const to = fileSecrets(service()).find((one) => one.name === name)?.file ?? "";
        writeFileSync(path.join(folder(), to), sampleOf(name));
      }
      const config = `${sampleOf("serviceConfig")}# ž, blanks at the end  \n\n\n`;
      writeFileSync(path.join(folder(), "packit-service.yaml"), config);
      const { code, stdout, stderr } = await ops("load-secrets", folder());
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^set packit:fedoraKeytab from fedora\.keytab$/m);
      const { entries, encryptionSalt } = readStackFile(file);
      const crypter = openSalt(encryptionSalt ?? "", samplePassphrase("stage"));
      const decrypted = (name: string): string => crypter.decrypt(entries.get(`packit:${name}`)?.value ?? "");
      assert.equal(decrypted("serviceConfig"), config);
      assert.deepEqual(
        Buffer.from(decrypted("fedoraKeytab"), "base64"),
        readFileSync(path.join(folder(), "fedora.keytab")),
      );
    });

    it("load-secrets says when the passphrase is wrong", async () => {
      process.env.PULUMI_CONFIG_PASSPHRASE = "another";
      const { code, stderr } = await ops("load-secrets", folder()).finally(
        () => delete process.env.PULUMI_CONFIG_PASSPHRASE,
      );
      assert.equal(code, 2);
      assert.equal(
        stderr,
        "orrery: PULUMI_CONFIG_PASSPHRASE is not the passphrase of stack stage: nothing was done; set the right one",
      );
    });
  });

  it("a stack's services are listed, and others are refused", async () => {
    assert.match(
      (await ops("pin", "packit-worker", `sha256:${"a".repeat(64)}`, "--service", "zuul")).stderr,
      /--service is "zuul"; it takes packit, stream/,
    );
    writeFileSync(
      path.join(dir, "none.yaml"),
      put(readFileSync(file, "utf8"), ["config", "x:y"], 1).replaceAll("packit:settings", "pockit:settings"),
    );
    const { stderr } = await run(
      "unpin",
      "packit-worker",
      "--stack",
      "stage",
      "--config-file",
      path.join(dir, "none.yaml"),
    );
    assert.match(stderr, /Pulumi\.stage\.yaml has no packit:settings: the system is not in this stack/);
  });
});
