import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { schemaOf } from "../../../components/packit/config.ts";
import { sample, sampleCertificate } from "../../../config/samples.ts";
import { wantedSecrets } from "../../../config/secrets.ts";
import {
  development,
  everything,
  type Given,
  problems,
  production,
  rawConfig,
  settings,
  streamProduction,
} from "./fixture.ts";

/** Exactly one problem, with this text. */
function refuses(given: Given, expected: RegExp, secrets: Record<string, string | undefined> = {}): void {
  const found = problems(given, "packit", secrets);
  assert.equal(found.length, 1, found.join("\n") || "nothing was refused");
  assert.match(found[0] ?? "", expected);
}

/** Deliberately wrong settings. */
const wrong = (more: object): Given => ({ ...production, ...more });

describe("Packit's config", () => {
  it("valid settings are accepted for both services and every deployment", () => {
    assert.deepEqual(problems(production), []);
    assert.deepEqual(problems(development), []);
    assert.deepEqual(problems(streamProduction, "stream"), []);
    assert.deepEqual(problems({ ...production, postgres: { version: "13", beside: ["16"] } }), []);
    assert.deepEqual(problems({ ...everything, keyValue: { kind: "valkey", memory: "4Gi" } }), []);
    assert.deepEqual(problems({ ...streamProduction, databaseBackups: true, parts: { beat: true } }, "stream"), []);
  });

  it("each service and deployment requires the secrets that it uses, and no others", () => {
    const required = (...args: Parameters<typeof settings>): readonly string[] =>
      wantedSecrets(schemaOf(args[1] ?? "packit"), settings(...args))
        .filter((one) => one.required)
        .map(({ name }) => name);
    const everywhere = ["sshConfig", "serviceConfig"];
    const keys = ["sshPrivateKey", "sshPublicKey", "tlsCertificate", "tlsKey", "sentryDsn"];
    const fedora = ["fedoraKeytab", "copr", "fedoraToml"];
    const centos = ["centosServerCa", "centosCertificate"];
    assert.deepEqual(required(production).toSorted(), [...everywhere, ...keys, ...fedora, "githubAppKey"].toSorted());
    // The key of the App is for web service and workers, too.
    assert.ok(required({ ...production, parts: { tokman: false } }).includes("githubAppKey"));
    assert.deepEqual(required(development).toSorted(), [...everywhere, ...fedora].toSorted());
    assert.deepEqual(required(streamProduction, "stream").toSorted(), [...everywhere, ...keys].toSorted());
    const more = required(everything).filter((name) => !required(production).includes(name));
    const validation = ["validationGithubToken", "validationSentryDsn"];
    const saved = ["backupsAccessKeyId", "backupsPassword", "backupsSecretAccessKey"];
    assert.deepEqual(
      more.toSorted(),
      ["awsAccessKeyId", "awsSecretAccessKey", ...saved, ...centos, ...validation].toSorted(),
    );
  });

  it("all missing secrets are listed together with their legacy sources", () => {
    const lacking = { copr: undefined, tlsKey: undefined, githubAppKey: undefined };
    const found = problems(production, "packit", lacking);
    assert.deepEqual(found.map((one) => one.split(":").slice(0, 2).join(":")).toSorted(), [
      ...["packit:copr", "packit:githubAppKey", "packit:tlsKey"],
    ]);
    assert.match(found.join("\n"), /Formerly: privkey.pem in secrets\/packit\/<deployment> of the secrets repository/);
  });

  it("malformed keys and files are refused, and never repeated", () => {
    const malformed: Record<string, [string, RegExp]> = {
      sshPrivateKey: ["-----BEGIN OPENSSH PRIVATE KEY-----\nSECRETabc", /expected an SSH private key/],
      tlsKey: [sample("pem-private-key", "other"), /key and certificate do not belong together/],
      tlsCertificate: ["SECRETabc", /expected one or more PEM certificates/],
      fedoraKeytab: [Buffer.from("SECRETabc").toString("base64"), /no Kerberos keytab in base64/],
      copr: ["[copr-cli]\nlogin = SECRETabc\n", /lacks username, token, copr_url/],
      fedoraToml: ['url = "SECRETabc"', /expected fedora-messaging's TOML/],
      serviceConfig: ["- SECRETabc", /expected packit-service.yaml, a YAML map/],
      sshConfig: ["SECRETabc", /at least one Host/],
      centosCertificate: [sampleCertificate("a", ["b"]), /no private key/],
    };
    for (const [name, [text, expected]] of Object.entries(malformed)) {
      const found = problems(everything, "packit", { [name]: text }).filter((one) => one.startsWith(`packit:${name}:`));
      assert.equal(found.length, 1, name);
      assert.match(found[0] ?? "", expected);
      assert.doesNotMatch(found[0] ?? "", /SECRETabc/);
    }
  });

  it("an ssh_config that names a key which the current workers do not have is refused", () => {
    const host = (name: string, ...files: string[]): string =>
      [
        `Host ${name}`,
        "  User packit",
        ...files.map((file) => `  IdentityFile ${file}`),
        "  IdentitiesOnly yes",
        "",
      ].join("\n");
    const [old, since] = ["/home/packit/.ssh/id_rsa", "~/.ssh/id_ed25519"];
    for (const right of [host("a", since), host("a", since, old), host("a"), host("a") + host("b", old, since)]) {
      assert.deepEqual(problems(production, "packit", { sshConfig: right }), []);
    }
    for (const sshConfig of [host("a", old), host("a", since) + host("b", old)]) {
      refuses(production, /each Host with an IdentityFile needs a line IdentityFile .*id_ed25519/, { sshConfig });
    }
  });

  it("a host that the dashboard's image does not serve is refused", () => {
    const hosts = { ...production.hosts, dashboard: "dashboard.stg.packit.dev" };
    const serviceConfig = rawConfig({ ...production, hosts }).get("packit:serviceConfig")?.value ?? "";
    const certificate = sampleCertificate("packit-tls", Object.values(hosts));
    const secrets = { serviceConfig, tlsCertificate: certificate };
    refuses(
      { ...production, hosts },
      /hosts.dashboard: the dashboard's image answers dashboard.packit.dev only/,
      secrets,
    );
    const own: Given = { ...production, hosts, images: { dashboard: { repository: "quay.io/me/dashboard" } } };
    assert.deepEqual(problems(own, "packit", secrets), []);
  });

  it("a certificate that does not cover every public host is refused", () => {
    const certificate = sampleCertificate("packit-tls", ["*.packit.dev"]);
    assert.deepEqual(problems(production, "packit", { tlsCertificate: certificate }), []);
    const staging: Given = {
      ...production,
      deployment: "stg",
      namespace: { name: "packit-stg" },
      hosts: { service: "stg.packit.dev", dashboard: "dashboard.stg.packit.dev", metrics: "workers.stg.packit.dev" },
    };
    refuses(staging, /not valid for dashboard.stg.packit.dev, workers.stg.packit.dev; a wildcard covers one label/, {
      tlsCertificate: certificate,
    });
  });

  it("a packit-service.yaml that does not match the deployment is refused", () => {
    const right = rawConfig(production).get("packit:serviceConfig")?.value ?? "";
    const cases: [string, string, RegExp][] = [
      ["deployment: prod", "deployment: stg", /deployment must be prod$/],
      ["server_name: prod.packit.dev", "server_name: other.packit.dev", /server_name must be prod.packit.dev$/],
      [
        "dashboard_url: https://dashboard",
        "dashboard_url: https://dash",
        /dashboard_url must be https:\/\/dashboard.packit.dev$/,
      ],
      ["namespace: packit-prod-sandbox", "namespace: packit-sandbox", /k8s_namespace must be packit-prod-sandbox$/],
      ["sandcastle:prod", "sandcastle:stg", /image_reference must be quay.io\/packit\/sandcastle:prod$/],
      [
        "repository_cache: /repository-cache",
        "repository_cache: /cache",
        /repository_cache must be \/repository-cache$/,
      ],
      ["pvc_from_env: SANDCASTLE", "pvc_from_env: CASTLE", /must have path \/repository-cache with pvc_from_env/],
      ['github_app_id: "4711"', 'github_app_id: "1"', /github_app_id must be githubAppId$/],
      [
        "tokman_instance_url: http://tokman",
        "tokman_instance_url: http://other",
        /must be http:\/\/tokman, with parts/,
      ],
      // What packit-service's run_httpd.sh would cut out of the line: other.packit.dev with a quote, a comment, no name at all.
      ["server_name: prod.packit.dev", 'server_name: "prod.packit.dev"', /server_name must be a line of its own/],
      ["server_name: prod.packit.dev", "server_name: prod.packit.dev # main", /server_name must be a line of its own/],
      // Git in today's image trusts /tmp/sandcastle only, packit-service files/gitconfig.
      ["work_dir: /tmp/sandcastle", "work_dir: /sandcastle", /command_handler_work_dir must be \/tmp\/sandcastle$/],
      ["command_handler_storage_class: gp2\n", "", /command_handler_storage_class must name a class of the cluster/],
      ["keytab_path: /secrets/fedora.keytab", "keytab_path: /keytab", /keytab_path must be \/secrets\/fedora.keytab$/],
      // Marshmallow refuses keys that packit_service/schema.py has no more.
      ["debug: true", "bugzilla_url: https://bugzilla.example", /bugzilla_url is gone from the service; remove it$/],
    ];
    for (const [from, to, expected] of cases) {
      assert.ok(right.includes(from), from);
      refuses(production, expected, { serviceConfig: right.replace(from, to) });
    }
    const keyOnly = right.replace(/ +tokman_instance_url.*\n/, "");
    assert.deepEqual(problems({ ...production, parts: { tokman: false } }, "packit", { serviceConfig: keyOnly }), []);
    refuses(production, /needs github_app_private_key_path: \/gh-secrets\/private-key.pem, .*or tokman_instance_url/, {
      serviceConfig: keyOnly.replace("/gh-secrets/", "/secrets/"),
    });
    refuses(
      { ...production, parts: { tokman: false } },
      /tokman_instance_url must be http:\/\/tokman, with parts.tokman/,
      {
        serviceConfig: right,
      },
    );
    const without: Given = { ...production, repositoryCache: { enabled: false } };
    refuses(without, /repository_cache needs repositoryCache.enabled$/, { serviceConfig: right });
  });

  it("Stream's packit-service.yaml without what it works at GitLab with is refused", () => {
    const right = rawConfig(streamProduction, "stream").get("stream:serviceConfig")?.value ?? "";
    const cases: [RegExp, string, RegExp][] = [
      // hardly asks GitLab by ogr, which without a token is nobody.
      [
        / +gitlab\.com:\n.*\n/,
        "  gitlab.com: {}\n",
        /gitlab.com needs the token of the account that opens merge requests$/,
      ],
      // packit_service/service/api/webhooks.py refuses every webhook then.
      [/gitlab_token_secret.*\n/, "", /gitlab_token_secret is missing; without it every webhook of GitLab is refused$/],
      [/debug: true/, "fedora_ci: {}", /fedora_ci is unknown to Stream's workers, whose image is of 2024; remove it$/],
    ];
    for (const [from, to, expected] of cases) {
      assert.match(right, from);
      const found = problems(streamProduction, "stream", { serviceConfig: right.replace(from, to) });
      assert.equal(found.length, 1, found.join("\n") || "nothing was refused");
      assert.match(found[0] ?? "", expected);
    }
  });

  it("a repository cache or sandboxes without workers to use them are refused", () => {
    const found = problems({ ...production, workers: { allTasks: 0, shortRunning: 2, longRunning: 0 } });
    assert.deepEqual(
      found.map((one) => one.split(": ")[0]),
      [...["packit:settings.repositoryCache.enabled", "packit:settings.sandbox.enabled"]],
    );
    assert.match(found[0] ?? "", /needs a worker that takes long-running tasks/);
    refuses({ ...production, workers: { allTasks: 0 } }, /workers: all counts are 0/);
  });

  it("a pin that is not a digest is refused", () => {
    refuses(
      wrong({ images: { worker: { digest: "sha256:abc" } } }),
      /images.worker.digest: .*expected a digest, sha256:/,
    );
    refuses(wrong({ images: { worker: { tag: "latest" } } }), /images.worker.tag: .*expected a tag other than latest/);
    refuses(wrong({ images: { wroker: {} } }), /images.wroker: there is no such setting; did you mean "worker"/);
    const digest = `sha256:${"0".repeat(64)}`;
    refuses(wrong({ images: { worker: { digest, tag: "x" } } }), /images.worker.tag: a digest is pinned/);
  });

  it("contradictory settings are refused", () => {
    refuses(wrong({ postgres: { version: "16", beside: ["16"] } }), /postgres.beside\[0\]: version 16 runs already/);
    refuses(wrong({ sandbox: { namespace: "packit-prod" } }), /sandbox.namespace: must differ from namespace.name/);
    refuses(
      wrong({ hosts: { ...production.hosts, metrics: "prod.packit.dev" } }),
      /hosts.metrics: .*another component's host/,
    );
    refuses(
      wrong({ parts: { centosmsg: true } }),
      /parts.centosmsg: workers of today ignore its tasks; pin images.worker/,
    );
    refuses(wrong({ databaseBackups: true, parts: { beat: false } }), /databaseBackups: parts.beat starts them/);
    refuses(wrong({ web: { memory: "256Mi" } }), /web.memory: the start script runs the database migrations/);
    refuses(wrong({ githubAppId: undefined }), /githubAppId: parts.tokman needs the number/);
    refuses(wrong({ parts: { pushgateway: false } }), /hosts.metrics: nothing answers there without/);
    refuses(wrong({ imports: { schedule: "sometimes" } }), /imports.schedule: .*a schedule of Kubernetes, five fields/);
    refuses(wrong({ sandbox: { deniedRanges: ["10.0.0.0/33"] } }), /deniedRanges\[0\]: .*expected a range/);
    refuses(wrong({ validation: { cluster: "nowhere", namespace: { name: "v" } } }), /validation.cluster/, {
      validationGithubToken: "t",
      validationSentryDsn: "https://a@b.example/1",
    });
  });
});
