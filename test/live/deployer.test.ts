/** The permissions that `ops deployer` prints are enough for each system's program, and not enough for anything else. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { describe, it } from "mocha";
import { openSalt } from "../../config/passphrase.ts";
import { kubeconfig, samplePassphrase } from "../../config/samples.ts";
import { readStackFile } from "../../config/stackFile.ts";
import { openshiftAdministrator } from "../../lab/kubernetes/projects.ts";
import { root } from "../../lab/settings.ts";
import { run } from "../../ops/lib/process.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { api } from "../../lab/harness/kube.ts";
import { type Change, SystemOnLab } from "../../lab/harness/system.ts";

interface Applied {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

const stack = "stage";

/** Systems that deploy to clusters; and settings without which two programs would be the same on one cluster. */
const systems: Readonly<Record<string, readonly Change[]>> = {
  dials: [],
  packit: [],
  prow: [],
  stream: [],
  thoth: [[["clusters:settings", "psi", "appsDomain"], "apps.lab.test"]],
};

describe("the deployer's permissions", function () {
  this.timeout(900_000);
  for (const [system, changes] of Object.entries(systems)) {
    it(`the deployer's permissions suffice for ${system}: up, an unchanged up, refresh, destroy; and for nothing else`, async () => {
      const opened = await SystemOnLab.open(system, stack, changes);
      const { file } = opened.target;
      const { entries } = readStackFile(file);
      const platforms = JSON.parse(entries.get("clusters:settings")?.value ?? "{}") as Record<
        string,
        { platform?: string }
      >;
      const clusters = [...entries.keys()]
        .filter((key) => /^clusters:(?!settings$)/.test(key))
        .map((key) => key.slice("clusters:".length));
      const logins: Change[] = [];
      const made: Applied[] = [];
      try {
        for (const cluster of clusters) {
          const account = `deployer-${cluster}`;
          const words = ["--cluster", cluster, "--account", `orrery/${account}`];
          const stacks = ["--stack", stack, "--config-file", file];
          const printed = await run(process.execPath, ["cli/orrery.ts", "deployer", ...stacks, ...words], {
            cwd: root,
            env: process.env,
          });
          if (printed.status === 2) continue; // the system makes nothing there
          assert.equal(printed.status, 0, printed.stderr);
          // On OpenShift its administrator makes the namespaces, so their pods get users.
          const openshift = [`--as=${openshiftAdministrator}`, "--as-group=system:masters"];
          const as = platforms[cluster]?.platform === "openshift" ? openshift : [];
          const applied = execFileSync("kubectl", [...as, "apply", "-f", "-", "-o", "json"], { input: printed.stdout });
          made.push(...(JSON.parse(applied.toString()) as { items: Applied[] }).items);
          logins.push([[`clusters:${cluster}`, "secure"], encrypted(file, await tokenOf(account))]);
        }
        assert.ok(logins.length > 0);
        await opened.with(logins, async () => {
          const up = await opened.up();
          assert.equal(up.code, 0, up.text);
          await opened.assertDeployed();
          await opened.assertNoChanges();
          const refreshed = await opened.up("--refresh", "--expect-no-changes");
          assert.equal(refreshed.code, 0, refreshed.text);
          for (const cluster of clusters.filter((one) => logins.some(([at]) => at[0] === `clusters:${one}`))) {
            const may = (...question: readonly string[]): string => canI(`orrery:deployer-${cluster}`, question);
            assert.equal(may("list", "secrets", "-n", "kube-system"), "no");
            assert.equal(may("create", "namespaces"), "no");
            assert.equal(may("delete", "nodes"), "no");
            assert.equal(may("escalate", "roles.rbac.authorization.k8s.io", "-n", "orrery"), "no");
            assert.equal(may("bind", "clusterroles.rbac.authorization.k8s.io/cluster-admin"), "no");
            assert.equal(may("escalate", "clusterroles.rbac.authorization.k8s.io"), "no");
          }
          const gone = await opened.destroy();
          assert.equal(gone.code, 0, gone.text);
        });
      } finally {
        const namespaces = new Set(
          made.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name),
        );
        for (const { kind, metadata } of made) {
          const rbac = "/apis/rbac.authorization.k8s.io/v1";
          const collection = { ClusterRole: "clusterroles", ClusterRoleBinding: "clusterrolebindings" }[kind];
          if (collection !== undefined) await api.delete(`${rbac}/${collection}/${metadata.name}`);
        }
        await opened.close(...namespaces);
      }
    });
  }
});

async function tokenOf(account: string): Promise<string> {
  const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
  const at = `/api/v1/namespaces/orrery/serviceaccounts/${account}/token`;
  return (await api.post<{ status: { token: string } }>(at, request)).status.token;
}

/** A kubeconfig with a token, as the stack's file holds it. */
function encrypted(file: string, token: string): string {
  const crypter = openSalt(readStackFile(file).encryptionSalt ?? "", samplePassphrase(stack));
  return crypter.encrypt(kubeconfig(`https://127.0.0.1:${lab.ports.kubernetes}`, token));
}

function canI(account: string, question: readonly string[]): string {
  return spawnSync("kubectl", ["auth", "can-i", ...question, `--as=system:serviceaccount:${account}`], {
    encoding: "utf8",
  }).stdout.trim();
}
