/** Thoth's stage, production and test programs on one cluster, together: from nothing, twice, and to nothing again. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { after, before, describe, it } from "mocha";
import type { Report } from "../../ops/lib/status/row.ts";
import { parse } from "yaml";
import { kubeconfig, samplePassphrase } from "../../config/samples.ts";
import { openSalt } from "../../config/passphrase.ts";
import { readStackFile } from "../../config/stackFile.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import { eventually, lab } from "../../lab/harness/cloud.ts";
import { api, kubeApi, type KubeObject } from "../../lab/harness/kube.ts";
import { pythonEnvironment } from "../../lab/harness/python.ts";
import { SystemOnLab } from "../../lab/harness/system.ts";
import { canI, eachOf, listed, powerful, ruled } from "./thoth/access.ts";
import { secretOf, TlsFolder } from "./thoth/openssl.ts";

const station = ["infra", "frontend", "middletier", "backend", "amun-api", "amun-inspection"].map(
  (role) => `thoth-${role}-stage`,
);
const namespaces = {
  test: ["aicoe-test", "aicoe-test-bots", "thoth-test-core"],
  stage: ["aicoe-stage-bots", "thoth-dgraph-stage", ...station],
  prod: ["aicoe", "aicoe-prod-bots", "thoth-zuul"],
} as const;
type StackName = keyof typeof namespaces;
const names = Object.keys(namespaces) as StackName[];

/** nodepool as PyPI has it; its package does not name cachetools, which it imports. */
const nodepool = pythonEnvironment("nodepool", ["nodepool==11.0.0", "cachetools==8.0.1"]);

interface Outputs {
  readonly opsToken?: string;
  readonly managementToken?: string;
  readonly nodepoolKubeconfig?: string;
  readonly nodepoolConfig?: string;
}

const of = (namespace: string, kind: string): string => {
  const group = { cronjobs: "/apis/batch/v1", deployments: "/apis/apps/v1" }[kind] ?? "/api/v1";
  return `${group}/namespaces/${namespace}/${kind}`;
};

/** The account that a token is of, as the API server says. */
async function ownerOf(token: string): Promise<string> {
  const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
  const answer = await kubeApi(lab, token).post<{ status: { userInfo: { username: string } } }>(
    "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    review,
  );
  return answer.status.userInfo.username;
}

describe("Thoth's programs on the lab", function () {
  this.timeout(900_000);
  const stacks = {} as Record<StackName, SystemOnLab>;

  before(async () => {
    await installPackages(["openssl"], () => undefined);
    // The lab's router has one domain; certificates are for the hosts that a router gives.
    const changes = [[["clusters:settings", "psi", "appsDomain"], "apps.lab.test"] as const];
    for (const name of names) stacks[name] = await SystemOnLab.open("thoth", name, name === "test" ? [] : changes);
  });
  after(async () => {
    for (const name of names) await (stacks[name] as SystemOnLab | undefined)?.close(...namespaces[name]);
  });

  describe("checking the deployer's permissions", () => {
    const account = "system:serviceaccount:aicoe:deployer";
    const bound = ["aicoe", "aicoe-prod-bots"];
    const grant = { kind: "ClusterRole", metadata: { name: "thoth-deployer" } };
    let token = "";

    before(async () => {
      for (const name of bound) await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
      const own = { namespace: "aicoe", name: "deployer" };
      await api.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: own });
      const namespaces = {
        apiGroups: [""],
        resources: ["namespaces"],
        verbs: ["get", "list", "watch", "patch", "delete"],
      };
      // OpenShift gives it to everybody who has logged in.
      const builds = {
        apiGroups: ["build.openshift.io"],
        resources: ["builds/docker", "builds/source"],
        verbs: ["create"],
      };
      await api.apply({ apiVersion: "rbac.authorization.k8s.io/v1", ...grant, rules: [namespaces, builds] });
      await api.apply(binding("ClusterRoleBinding", { name: "thoth-deployer" }, "thoth-deployer"));
      for (const namespace of bound) await api.apply(binding("RoleBinding", { name: "deployer", namespace }, "admin"));
      const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
      const made = await api.post<{ status: { token: string } }>(
        `${of("aicoe", "serviceaccounts")}/deployer/token`,
        request,
      );
      ({ token } = made.status);
    });
    after(async () => {
      for (const kind of ["clusterroles", "clusterrolebindings"])
        await api.delete(`/apis/rbac.authorization.k8s.io/v1/${kind}/thoth-deployer`);
      for (const name of bound) await api.delete(`/api/v1/namespaces/${name}`);
      for (const name of bound) {
        await eventually(
          `the end of ${name}`,
          () => api.find(`/api/v1/namespaces/${name}`),
          (found) => found === undefined,
        );
      }
    });

    function binding(kind: string, metadata: { name: string; namespace?: string }, role: string): KubeObject {
      const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role };
      const subjects = [{ kind: "ServiceAccount", namespace: "aicoe", name: "deployer" }];
      return { apiVersion: "rbac.authorization.k8s.io/v1", kind, metadata, roleRef, subjects };
    }

    /** `up` of production by another login. */
    function upAs(login: string) {
      const { encryptionSalt } = readStackFile(stacks.prod.target.file);
      const crypter = openSalt(encryptionSalt ?? "", samplePassphrase("prod"));
      const text = kubeconfig(`https://127.0.0.1:${lab.ports.kubernetes}`, login);
      return stacks.prod.with([[["clusters:psi", "secure"], crypter.encrypt(text)]], () => stacks.prod.up());
    }

    it("a namespace without permission to edit is reported with what is missing, before anything is registered", async () => {
      assert.equal(await ownerOf(token), account);
      const { code, text, changed } = await upAs(token);
      assert.notEqual(code, 0, text);
      assert.match(text, /the account that deploys may not do what this stack needs; nothing was changed:/);
      assert.match(text, /cluster psi, namespace thoth-zuul: .*\bcreate [^;]*\bnamespaces\b/);
      assert.match(
        text,
        /cluster psi, namespace thoth-zuul: .*create\/delete\/get\/list\/patch\/watch [^;]*\bsecrets\b/,
      );
      assert.doesNotMatch(text, /namespace aicoe/);
      assert.doesNotMatch(text, /\n\s+at .*:\d+:\d+/, "a stack trace");
      // Only the stack itself, and the engine's own provider, through which the program reads its state.
      const own = /::(pulumi:pulumi:Stack|pulumi:providers:pulumi)::/;
      assert.deepEqual(
        changed.filter(({ urn }) => !own.test(urn)),
        [],
      );
      const kept = (await stacks.prod.resources()).filter(({ urn }) => !own.test(urn));
      assert.deepEqual(kept, []);
    });

    it("an error says when the cluster does not know the login at all", async () => {
      const { code, text } = await upAs("nobody");
      assert.notEqual(code, 0, text);
      assert.match(text, /cluster "psi" refuses the login: its token has expired or was revoked; check clusters:psi/);
    });
  });

  // A suite of its own, as mocha runs the tests of a suite before the suites in it.
  describe("next to each other", () => {
    it("all programs come up on one cluster, each as declared", async () => {
      for (const name of names) await stacks[name].assertDeploys();
    });

    it("programs do not affect each other: no object belongs to two, and a second up changes none", async () => {
      const seen = new Map<string, StackName>();
      for (const name of names) {
        for (const { type, inputs } of await stacks[name].resources()) {
          if (!type.startsWith("kubernetes:")) continue;
          const { kind, metadata } = inputs as unknown as KubeObject;
          const object = `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
          assert.equal(seen.get(object), undefined, `${object} is of ${name}, too`);
          seen.set(object, name);
          const place = kind === "Namespace" ? metadata.name : (metadata.namespace ?? "");
          assert.ok(
            (namespaces[name] as readonly string[]).includes(place),
            `${object} of ${name} is outside its namespaces`,
          );
        }
        await stacks[name].assertDeployed();
        await stacks[name].assertNoChanges();
      }
    });
  });

  describe("status", () => {
    /** What status says of a stack's objects, pods and permissions. */
    const status = (name: (typeof names)[number], ...words: readonly string[]) => {
      const only = ["workloads", "objects", "permissions"].flatMap((one) => ["--only", one]);
      return stacks[name].opsOf("status", [...only, "--limit", "1m", ...words]);
    };

    it("status finds every program in order", async () => {
      for (const name of names) {
        const { code, stdout, stderr } = await status(name, "--wait", "1m");
        assert.equal(code, 0, stdout + stderr);
        assert.match(stdout, /^thoth +ok +\d+ parts$/m);
      }
    });

    it("status reports what is gone, what does not work and which permission is missing or excessive", async () => {
      const [frontend, middletier] = ["thoth-frontend-stage", "thoth-middletier-stage"];
      const rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces";
      const binding = `${rbac}/${middletier}/rolebindings/user-api`;
      const job = `${of(frontend, "cronjobs")}/cve-update`;
      const config = `${of(middletier, "configmaps")}/thoth`;
      const [kept, granted] = [await api.get(config), await api.get(binding)];
      const secrets = { apiGroups: [""], resources: ["secrets"], verbs: ["list"] };
      const excess = { apiVersion: "rbac.authorization.k8s.io/v1", metadata: { name: "excess", namespace: frontend } };
      const to = { kind: "ServiceAccount", name: "metrics-exporter", namespace: frontend };
      const role = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "excess" };
      await Promise.all([
        ...[config, binding].map((at) => api.delete(at)),
        api.patch(job, { spec: { suspend: true } }),
        api.patch(`${of(frontend, "deployments")}/user-api`, { spec: { replicas: 0 } }),
        api.apply({ ...excess, kind: "Role", rules: [secrets] }),
        api.apply({ ...excess, kind: "RoleBinding", roleRef: role, subjects: [to] }),
      ]);
      const { code, stdout } = await status("stage");
      const { code: withoutRights, stdout: fewer } = await status("stage", "--skip", "permissions", "--json");
      const fresh = ({ apiVersion, kind, metadata, ...rest }: KubeObject): KubeObject => {
        const { name, namespace, labels, annotations } = metadata;
        const own = { name, ...(namespace === undefined ? {} : { namespace }) };
        return {
          apiVersion,
          kind,
          metadata: { ...own, labels: labels ?? {}, annotations: annotations ?? {} },
          ...rest,
        };
      };
      await Promise.all([
        api.post(of(middletier, "configmaps"), fresh(kept)),
        api.post(`${rbac}/${middletier}/rolebindings`, fresh(granted)),
        api.patch(job, { spec: { suspend: false } }),
        api.patch(`${of(frontend, "deployments")}/user-api`, { spec: { replicas: 1 } }),
        ...["roles", "rolebindings"].map((kind) => api.delete(`${rbac}/${frontend}/${kind}/excess`)),
      ]);
      assert.equal(code, 1, stdout);
      assert.deepEqual(
        stdout
          .split("\n")
          .filter((line) => line.startsWith("  BAD") && !line.includes("/user-api: may not"))
          .map((line) => line.trim().replaceAll(/\s+/g, " "))
          .toSorted(),
        [
          `BAD ConfigMap ${middletier}/thoth: is not there`,
          `BAD CronJob ${frontend}/cve-update: is suspended and should be running`,
          `BAD RoleBinding ${middletier}/user-api: is not there`,
          `BAD account ${frontend}/metrics-exporter: may list secrets in ${frontend}, against its roles`,
          `BAD ${frontend}/user-api: is scaled to 0, the stack declares 1`,
        ].toSorted(),
      );
      assert.match(
        stdout,
        new RegExp(`BAD +account ${frontend}/user-api: may not create configmaps in ${middletier},`),
      );
      assert.equal(withoutRights, 1);
      const { rows } = JSON.parse(fewer) as Report;
      assert.deepEqual([...new Set(rows.map(({ source }) => source))].toSorted(), ["objects", "workloads"]);
      assert.equal(rows.filter(({ state }) => state === "bad").length, 4);
      await eventually(
        "user-api's pod",
        () => status("stage", "--skip", "permissions"),
        (again) => again.code === 0,
      );
    });

    it("status says in one row that a cluster is unreachable", async () => {
      const folder = mkdtempSync(path.join(tmpdir(), "thoth-status-"));
      const file = path.join(folder, "kubeconfig");
      writeFileSync(file, kubeconfig("https://127.0.0.1:9", "t"));
      const { code, stdout } = await status("stage", "--kubeconfig", file);
      rmSync(folder, { recursive: true });
      assert.equal(code, 1);
      assert.match(
        stdout,
        /unknown +cluster \w+: did not say \(workloads, objects, permissions\): cannot be reached: /,
      );
    });
  });

  describe("accounts' permissions, according to kubectl auth can-i", () => {
    it("accounts have exactly the fact sheet's permissions in every namespace", async () => {
      const everywhere = [...namespaces.stage, "thoth-zuul"];
      const questions = Object.entries(ruled).flatMap(([account, access]) =>
        everywhere.map((namespace) => ({ account, namespace, expected: access[namespace] ?? {} })),
      );
      await eachOf(questions, async ({ account, namespace, expected }) => {
        assert.deepEqual(sorted(await listed(account, namespace)), sorted(expected), `${account} in ${namespace}`);
      });
    });

    it("accounts with a platform role have no permissions beyond it", async () => {
      for (const [account, { clusterRole, on, access }] of Object.entries(powerful)) {
        await eachOf(station, async (namespace) => {
          const mays = [
            await canI(account, "create", "configmaps", namespace),
            await canI(account, "create", "rolebindings", namespace),
            await canI(account, "create", "namespaces", namespace),
          ];
          const here = on.includes(namespace);
          assert.deepEqual(mays, [here, here && clusterRole === "admin", false], `${account} in ${namespace}`);
          if (here) return;
          assert.deepEqual(await listed(account, namespace), access[namespace] ?? {}, `${account} in ${namespace}`);
        });
      }
    });

    it("every other account has no permissions", async () => {
      const all = [...namespaces.stage, ...namespaces.prod];
      const accounts = (await Promise.all(all.map((namespace) => api.list(of(namespace, "serviceaccounts"))))).flat();
      const others = accounts
        .map(({ metadata }) => `${metadata.namespace ?? ""}/${metadata.name}`)
        .filter((account) => !(account in ruled) && !(account in powerful));
      assert.ok(others.includes("aicoe-prod-bots/kebechet"), others.join(" "));
      await eachOf(others, async (account) => {
        assert.deepEqual(await listed(account, account.split("/")[0] ?? ""), {}, account);
      });
    });

    const sorted = (rights: Readonly<Record<string, string>>): readonly (readonly [string, string])[] =>
      Object.entries(rights).sort(([a], [b]) => a.localeCompare(b));
  });

  describe("tokens", () => {
    it("tokens belong to their accounts, and survive pausing, resuming and other updates", async () => {
      const [test, prod] = [await stacks.test.outputs<Outputs>(), await stacks.prod.outputs<Outputs>()];
      const kube = parse(prod.nodepoolKubeconfig ?? "") as {
        "current-context": string;
        users: { user: { token: string } }[];
      };
      const nodepoolToken = kube.users[0]?.user.token ?? "";
      assert.equal(await ownerOf(test.opsToken ?? ""), "system:serviceaccount:thoth-test-core:thoth-ops");
      assert.equal(await ownerOf(nodepoolToken), "system:serviceaccount:thoth-zuul:nodepool");

      interface Scaled extends KubeObject {
        readonly spec: { readonly suspend?: boolean; readonly replicas?: number };
      }
      const all = async (name: "test" | "prod", paused_: boolean): Promise<void> => {
        const found = await Promise.all(namespaces[name].map((one) => api.list<Scaled>(of(one, "cronjobs"))));
        const jobs = found.flat().map(({ spec }) => spec.suspend === true);
        assert.deepEqual(
          jobs,
          Array.from({ length: name === "test" ? 9 : 5 }, () => paused_),
        );
        const clients = await api.list<Scaled>(of(name === "test" ? "aicoe-test" : "aicoe", "deployments"));
        assert.deepEqual(
          clients.map(({ spec }) => spec.replicas),
          Array.from({ length: 4 }, () => (paused_ ? 0 : 1)),
        );
      };
      await all("test", true);
      await all("prod", false);
      const before_ = readFileSync(stacks.test.target.file, "utf8");
      const dry = await stacks.test.ops(["resume", "--dry-run"]);
      const switches = ["bots.suspendCronJobs", "station.suspendCronJobs", "ultrahook.paused"];
      const settings = switches.map((one) => `thoth:settings.${one}`).join(" and ");
      assert.deepEqual([dry.code, dry.stdout], [0, `would set ${settings} to false\n`]);
      assert.equal(readFileSync(stacks.test.target.file, "utf8"), before_);
      const resumed = await stacks.test.ops(["resume", "--yes"]);
      assert.equal(resumed.code, 0, resumed.stdout + resumed.stderr);
      await all("test", false);
      const paused = await stacks.prod.ops(["pause", "--yes"]);
      assert.equal(paused.code, 0, paused.stdout + paused.stderr);
      assert.match(
        paused.stdout,
        /^set thoth:settings\.bots\.suspendCronJobs and thoth:settings\.ultrahook\.paused to true$/m,
      );
      await all("prod", true);
      assert.equal((await stacks.prod.outputs<Outputs>()).nodepoolKubeconfig, prod.nodepoolKubeconfig);
      const later = await stacks.test.outputs<Outputs>();
      assert.equal(later.opsToken, test.opsToken);
      assert.equal(later.managementToken, test.managementToken);
    });

    it("nodepool's token creates a pod in its own namespace and nowhere else", async () => {
      const { nodepoolKubeconfig } = await stacks.prod.outputs<Outputs>();
      const kube = parse(nodepoolKubeconfig ?? "") as { users: { user: { token: string } }[] };
      const own = kubeApi(lab, kube.users[0]?.user.token);
      const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "thoth-coala-1" } };
      // As the driver openshiftpods makes it.
      const containers = [
        { name: "thoth-coala", image: "thoth-coala:ubi8", command: ["/bin/bash", "-c", "sleep inf"] },
      ];
      await own.post(of("thoth-zuul", "pods"), { ...pod, spec: { containers } });
      await own.delete(`${of("thoth-zuul", "pods")}/thoth-coala-1`);
      await assert.rejects(own.post(of("aicoe", "pods"), { ...pod, spec: { containers } }), /forbidden/);
    });
  });

  describe("nodepool", () => {
    before(() => nodepool.install());

    /** nodepool.yaml with what the stack renders merged into its empty lists, read by nodepool itself. */
    async function validate(rendered: string): Promise<{ readonly code: number; readonly text: string }> {
      const folder = mkdtempSync(path.join(tmpdir(), "thoth-nodepool-"));
      const file = path.join(folder, "nodepool.yaml");
      writeFileSync(file, `zookeeper-servers: [{host: localhost, port: 2181}]\n${rendered}`);
      try {
        const said = await promisify(execFile)(path.join(nodepool.bin, "nodepool"), ["-c", file, "config-validate"]);
        return { code: 0, text: said.stdout + said.stderr };
      } catch (error) {
        const { code, stderr } = error as { code: number; stderr: string };
        return { code, text: stderr };
      } finally {
        rmSync(folder, { recursive: true });
      }
    }

    it("nodepool accepts the rendered configuration, and would refuse a wrong one", async () => {
      const { code, stdout } = await stacks.prod.ops(["nodepool-config"]);
      assert.equal(code, 0);
      assert.equal(stdout, (await stacks.prod.outputs<Outputs>()).nodepoolConfig);
      const good = await validate(stdout);
      assert.equal(good.code, 0, good.text);
      const limited = [["thoth:settings", "nodepool", "maxPods"], 20] as const;
      const withLimit = await stacks.prod.with([limited], () => stacks.prod.ops(["nodepool-config"]));
      assert.match(withLimit.stdout, /max-servers: 20/);
      const alsoGood = await validate(withLimit.stdout);
      assert.equal(alsoGood.code, 0, alsoGood.text);
      assert.notEqual((await validate(stdout.replace("cpu: 1", "cpu: 0.75"))).code, 0);
      const context = await stacks.prod.ops(["nodepool-config", "--context"]);
      const kube = parse((await stacks.prod.outputs<Outputs>()).nodepoolKubeconfig ?? "") as Record<string, unknown>;
      assert.equal(context.stdout.trim(), kube["current-context"]);
    });

    it("a stack without nodepool has none of its objects", async () => {
      const { code, stderr } = await stacks.stage.ops(["nodepool-config"]);
      assert.equal(code, 1);
      assert.match(stderr, /^orrery: thoth:settings of Pulumi\.stage-thoth\.yaml has no nodepool/);
    });
  });

  describe("Dgraph's certificates", () => {
    for (const [name, namespace, clients] of [
      ["stage", "thoth-dgraph-stage", ["frontend", "middletier", "backend"].map((role) => `thoth-${role}-stage`)],
      ["test", "thoth-test-core", []],
    ] as const) {
      it(`Dgraph's certificates of ${name} are valid for every Route and Service, and for the client, according to openssl`, async () => {
        const files = await secretOf(namespace, "dgraph-tls");
        assert.deepEqual(Object.keys(files).sort(), [
          ...["ca.crt", "client.user.crt", "client.user.key", "node.crt", "node.key"],
        ]);
        // Clients get what they read; the servers' key stays where the servers are.
        const { "ca.crt": ca, "client.user.crt": certificate, "client.user.key": key } = files;
        const theirs = { "ca.crt": ca, "client.user.crt": certificate, "client.user.key": key };
        for (const client of clients) assert.deepEqual(await secretOf(client, "dgraph-tls"), theirs);
        const tls = new TlsFolder(files);
        try {
          const hosts = await hostsOf(namespace);
          assert.ok(hosts.length >= 5, hosts.join(" "));
          for (const host of hosts) assert.ok(tls.serves(host).ok, `${host}: ${tls.serves(host).text}`);
          assert.ok(!tls.serves(`alpha-rest-${namespace}.elsewhere.example.org`).ok);
          assert.ok(tls.knowsClient().ok, tls.knowsClient().text);
          assert.match(tls.subject("client.user.crt"), /CN=user\b/);
          for (const host of hosts) {
            const said = await tls.handshake(host);
            assert.ok(said.ok && /Verify return code: 0 \(ok\)/.test(said.text), said.text);
          }
        } finally {
          tls.close();
        }
      });
    }

    /** Public and inner names of the data servers, as the cluster has them. */
    async function hostsOf(namespace: string): Promise<readonly string[]> {
      interface Route extends KubeObject {
        readonly spec: { readonly host: string; readonly to: { readonly name: string } };
      }
      interface Service extends KubeObject {
        readonly spec: { readonly clusterIP: string; readonly selector: Readonly<Record<string, string>> };
      }
      const routes = await api.list<Route>(`/apis/route.openshift.io/v1/namespaces/${namespace}/routes`);
      const services = await api.list<Service>(of(namespace, "services"));
      const headless = services.find(
        ({ metadata, spec }) => spec.clusterIP === "None" && ["alpha", "dgraph"].includes(metadata.name),
      );
      assert.ok(headless);
      const labels = Object.entries(headless.spec.selector).map(([key, value]) => `${key}%3D${value}`);
      const pods = await api.list(`${of(namespace, "pods")}?labelSelector=${labels.join(",")}`);
      const inside = `${namespace}.svc.cluster.local`;
      return [
        ...routes.filter(({ spec }) => spec.to.name === "alpha-public").map(({ spec }) => spec.host),
        ...[`alpha-public.${namespace}.svc`, `alpha-public.${inside}`],
        ...pods.map(({ metadata }) => `${metadata.name}.${headless.metadata.name}.${inside}`),
      ];
    }

    it("rotate-dgraph-certificates says what it would replace, and replaces nothing without --yes", async () => {
      const before_ = await secretOf("thoth-test-core", "dgraph-tls");
      const dry = await stacks.test.ops(["rotate-dgraph-certificates", "--dry-run", "--json"]);
      assert.equal((JSON.parse(dry.stdout) as { replace: string[] }).replace.length, 2);
      assert.deepEqual(await secretOf("thoth-test-core", "dgraph-tls"), before_);
    });
  });

  describe("at the end", () => {
    it("registration lists notes on every key", async () => {
      const { code, stdout } = await stacks.prod.ops(["registration", "--json"]);
      assert.equal(code, 0);
      const keys = JSON.parse(stdout) as { key: string; registered: string; set: string }[];
      const secretEntries = [...readStackFile(stacks.prod.target.file).entries].filter(([key]) =>
        /^thoth:(?!settings)/.test(key),
      );
      assert.deepEqual(keys.map(({ key }) => key).sort(), secretEntries.map(([key]) => key).sort());
      assert.ok(keys.every(({ key, set }) => set.endsWith(`--secret ${key}`)));
    });

    it("destroy refuses to delete data and accounts, and is clean on request", async () => {
      for (const name of ["stage", "prod"] as const) await stacks[name].assertDestroyRefused();
      for (const name of names) {
        await stacks[name].assertDestroyed(...namespaces[name].map((one) => of(one, "deployments")));
      }
      for (const name of names) {
        for (const one of namespaces[name]) {
          await eventually(
            `the end of ${one}`,
            () => api.find(`/api/v1/namespaces/${one}`),
            (found) => found === undefined,
          );
        }
      }
    });
  });
});
