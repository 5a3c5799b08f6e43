import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { manifestViolations } from "../../../policy/violations.ts";
import { Secret } from "../../../review/evaluate/secret.ts";
import { cron, env, mounts, type Pod } from "./pods.ts";
import { bots, buildThoth } from "./fixture.ts";

const pipenv = { PIPENV_NOSPIN: "1", PIPENV_COLORBLIND: "1", PIPENV_HIDE_EMOJIS: "1" };
const sshFolder = { emptyDir: { medium: "Memory", sizeLimit: "1Mi" } };

describe("Thoth's bots", () => {
  it("Thoth's bots have their established objects and names", async () => {
    const seen = await buildThoth({
      bots: { ...bots, kebechet: { build: true }, nepthys: { ...bots.nepthys, build: true } },
    });
    assert.deepEqual(seen.manifests.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`).sort(), [
      "BuildConfig aicoe-prod-bots/kebechet-job",
      "BuildConfig aicoe-prod-bots/nepthys-job",
      "BuildConfig aicoe-prod-bots/sesheta",
      "ConfigMap aicoe-prod-bots/kebechet-configmap",
      "ConfigMap aicoe-prod-bots/sesheta-bot",
      "ConfigMap aicoe-prod-bots/sesheta-configmap",
      "CronJob aicoe-prod-bots/kebechet",
      "CronJob aicoe-prod-bots/nepthys",
      "CronJob aicoe-prod-bots/sesheta-approver",
      "CronJob aicoe-prod-bots/sesheta-label-checker",
      "CronJob aicoe-prod-bots/sesheta-scrum",
      "Deployment aicoe-prod-bots/sesheta-webhooks",
      "ImageStream aicoe-prod-bots/kebechet-job",
      "ImageStream aicoe-prod-bots/nepthys-job",
      "ImageStream aicoe-prod-bots/python-36",
      "ImageStream aicoe-prod-bots/sesheta",
      "Namespace /aicoe-prod-bots",
      "NetworkPolicy aicoe-prod-bots/builds",
      "NetworkPolicy aicoe-prod-bots/default-deny",
      "NetworkPolicy aicoe-prod-bots/kebechet",
      "NetworkPolicy aicoe-prod-bots/nepthys",
      "NetworkPolicy aicoe-prod-bots/sesheta-approver",
      "NetworkPolicy aicoe-prod-bots/sesheta-label-checker",
      "NetworkPolicy aicoe-prod-bots/sesheta-scrum",
      "NetworkPolicy aicoe-prod-bots/sesheta-webhooks",
      "Route aicoe-prod-bots/sesheta-webhooks",
      "Secret aicoe-prod-bots/generic-webhook-secret",
      "Secret aicoe-prod-bots/kebechet-secret",
      "Secret aicoe-prod-bots/nepthys-secret",
      "Secret aicoe-prod-bots/sesheta-pubsub-consumer",
      "Secret aicoe-prod-bots/sesheta-secret",
      "Service aicoe-prod-bots/sesheta-webhooks",
      "ServiceAccount aicoe-prod-bots/kebechet",
      "ServiceAccount aicoe-prod-bots/nepthys",
      "ServiceAccount aicoe-prod-bots/sesheta-approver",
      "ServiceAccount aicoe-prod-bots/sesheta-label-checker",
      "ServiceAccount aicoe-prod-bots/sesheta-scrum",
      "ServiceAccount aicoe-prod-bots/sesheta-webhooks",
    ]);
  });

  it("Thoth's bots have no policy violations on either platform", async () => {
    const published = { ...bots, sesheta: { ...bots.sesheta, build: false, image: "example.org/sesheta:v1" } };
    const { manifests } = await buildThoth({ bots });
    assert.deepEqual(manifestViolations(manifests, { openshift: true }), []);
    assert.deepEqual(manifestViolations((await buildThoth({ bots: published }, "kubernetes")).manifests), []);
  });

  it("the bots' namespace is protected unless the stack says otherwise", async () => {
    const namespace = "thoth-bots-namespace-namespace";
    assert.equal((await buildThoth({ bots })).one(namespace).options.protect, true);
    const test = await buildThoth({ bots: { ...bots, namespace: "aicoe-test-bots", protect: false } });
    assert.equal(test.one(namespace).options.protect, false);
    assert.deepEqual([...new Set(test.manifests.map((one) => one.namespace))].sort(), ["", "aicoe-test-bots"]);
  });

  it("every bot's Secret has its type and keys", async () => {
    const seen = await buildThoth({ bots: { ...bots, kebechet: { sentry: true } } });
    const secrets = seen.resources.filter(({ type }) => type === "kubernetes:core/v1:Secret");
    const shapes = secrets.map(({ inputs }) => {
      assert.ok(inputs.stringData instanceof Secret);
      const { name } = inputs.metadata as { name: string };
      return [name, inputs.type, Object.keys(inputs.stringData.value as object).sort()];
    });
    assert.deepEqual(Object.fromEntries(shapes.map(([name, ...shape]) => [name, shape])), {
      "kebechet-secret": ["kubernetes.io/ssh-auth", ["github-oauth-token", "sentry-dsn", "ssh-privatekey"]],
      "nepthys-secret": ["kubernetes.io/ssh-auth", ["ssh-privatekey", "user-email", "user-name"]],
      "sesheta-secret": ["Opaque", ["github-oauth-token", "github-webhook-secret", "google-chat-space"]],
      "sesheta-pubsub-consumer": ["Opaque", ["sesheta-chatbot-968e13a86991.json"]],
      "generic-webhook-secret": ["Opaque", ["WebHookSecretKey"]],
    });
  });

  it("bots share one SSH key and one GitHub token as they always have", async () => {
    const { resources } = await buildThoth({ bots });
    const values = (name: string): Record<string, string> => {
      const found = resources.find(({ inputs }) => (inputs.metadata as { name?: string } | undefined)?.name === name);
      assert.ok(found?.inputs.stringData instanceof Secret);
      return found.inputs.stringData.value as Record<string, string>;
    };
    const [kebechet, nepthys, sesheta] = ["kebechet-secret", "nepthys-secret", "sesheta-secret"].map(values);
    assert.equal(kebechet?.["ssh-privatekey"], nepthys?.["ssh-privatekey"]);
    assert.equal(kebechet?.["github-oauth-token"], sesheta?.["github-oauth-token"]);
    assert.equal(nepthys?.["user-email"], "sesheta@example.org");
  });

  it("Kebechet runs every 20 minutes, for two hours at most", async () => {
    const { spec, job, pod } = cron(await buildThoth({ bots }), "kebechet");
    assert.deepEqual(spec, {
      schedule: "*/20 * * * *",
      timeZone: "Etc/UTC",
      suspend: false,
      concurrencyPolicy: "Forbid",
      startingDeadlineSeconds: 600,
      successfulJobsHistoryLimit: 2,
      failedJobsHistoryLimit: 1,
    });
    assert.deepEqual(job, { activeDeadlineSeconds: 7200, backoffLimit: 0 });
    const [container] = pod.containers;
    assert.equal(container?.image, "quay.io/thoth-station/kebechet-job:v1.0.9");
    assert.deepEqual(env(container), {
      ...pipenv,
      KEBECHET_SUBCOMMAND: "run",
      KEBECHET_TOKEN: "secretKeyRef kebechet-secret/github-oauth-token",
      KEBECHET_CONFIGURATION_PATH: "configMapKeyRef kebechet-configmap/kebechet-config",
      KEBECHET_VERBOSE: "configMapKeyRef kebechet-configmap/kebechet-verbose",
      SENTRY_DSN: "secretKeyRef kebechet-secret/sentry-dsn",
      THOTH_DEPLOYMENT_NAME: "aicoe-prod-bots",
    });
    const size = { cpu: "2", memory: "2Gi" };
    assert.deepEqual(container.resources, { requests: size, limits: size });
    assert.deepEqual(mounts(pod), { "/home/user/.ssh": sshFolder, "/tmp": { emptyDir: {} } });
  });

  it("a bot's SSH key is a file of its own that nobody else can read", async () => {
    const { pod } = cron(await buildThoth({ bots }), "nepthys");
    const [copy] = pod.initContainers;
    assert.deepEqual(copy?.command, ["install", "-m", "0600", "/run/ssh-key/id_rsa", "/home/user/.ssh/id_rsa"]);
    assert.deepEqual(mounts(pod, copy), {
      "/run/ssh-key": {
        secret: {
          secretName: "nepthys-secret",
          defaultMode: 0o444,
          items: [{ key: "ssh-privatekey", path: "id_rsa" }],
        },
      },
      "/home/user/.ssh": sshFolder,
    });
  });

  it("Nepthys runs daily, for half an hour at most", async () => {
    const { spec, job, pod } = cron(await buildThoth({ bots }), "nepthys");
    assert.deepEqual([spec.schedule, spec.successfulJobsHistoryLimit, spec.failedJobsHistoryLimit], ["@daily", 2, 1]);
    assert.equal(job.activeDeadlineSeconds, 1800);
    const [container] = pod.containers;
    assert.equal(container?.image, "quay.io/thoth-station/nepthys:v0.2.5");
    assert.deepEqual(env(container), {
      ...pipenv,
      GITHUB_USER: "secretKeyRef nepthys-secret/user-name",
      GITHUB_USER_EMAIL: "secretKeyRef nepthys-secret/user-email",
    });
    const size = { cpu: "500m", memory: "1Gi" };
    assert.deepEqual(container.resources, { requests: size, limits: size });
  });

  it("webhooks arrive at the established Service and Route", async () => {
    const seen = await buildThoth({ bots });
    const selector = { app: "sesheta", component: "webhooks", deploymentconfig: "sesheta-webhooks" };
    const { template, ...spec } = seen.object("Deployment sesheta-webhooks").spec as { template: { spec: Pod } };
    assert.deepEqual(spec, { replicas: 1, revisionHistoryLimit: 5, selector: { matchLabels: selector } });
    const [container] = template.spec.containers;
    assert.deepEqual(env(container), {
      SESHETA_GITHUB_WEBHOOK_SECRET: "secretKeyRef sesheta-secret/github-webhook-secret",
      SESHETA_GOOGLE_CHAT_SPACE: "secretKeyRef sesheta-secret/google-chat-space",
      SESHETA_GITHUB_ACCESS_TOKEN: "secretKeyRef sesheta-secret/github-oauth-token",
    });
    assert.deepEqual(container?.resources, {
      requests: { cpu: "125m", memory: "128Mi" },
      limits: { cpu: "500m", memory: "256Mi" },
    });
    assert.deepEqual(mounts(template.spec)["/opt/app-root/etc/gcloud"], {
      secret: {
        secretName: "sesheta-pubsub-consumer",
        defaultMode: 0o644,
        items: [{ key: "sesheta-chatbot-968e13a86991.json", path: "sesheta-chatbot-968e13a86991.json" }],
      },
    });
    for (const probe of ["readinessProbe", "livenessProbe"]) {
      assert.match(JSON.stringify(container[probe]), /"path":"\/_healthz\/","port":8080/);
    }
    assert.deepEqual(seen.object("Service sesheta-webhooks").spec, {
      type: "ClusterIP",
      selector,
      ports: [{ name: "8080-tcp", port: 8080, targetPort: 8080, protocol: "TCP" }],
    });
    assert.deepEqual(seen.object("Route sesheta-webhooks").spec, {
      to: { kind: "Service", name: "sesheta-webhooks", weight: 100 },
      port: { targetPort: "8080-tcp" },
      tls: { termination: "edge", insecureEdgeTerminationPolicy: "Redirect" },
      wildcardPolicy: "None",
    });
    assert.deepEqual([...seen.outputs].find(([urn]) => urn.endsWith("orrery:thoth:Thoth::thoth"))?.[1], {
      receivers: { "sesheta-webhooks": "https://sesheta-webhooks-aicoe-prod-bots.apps.lab.test" },
    });
  });

  it("the scrum reminder runs at 12:29 on Monday, Wednesday and Friday", async () => {
    const sesheta = { ...bots.sesheta, usersInvited: ["Ada", "Grace"] };
    const seen = await buildThoth({ bots: { ...bots, sesheta } });
    const { spec, pod } = cron(seen, "sesheta-scrum");
    assert.deepEqual([spec.schedule, spec.timeZone], ["29 12 * * 1,3,5", "Etc/UTC"]);
    const [container] = pod.containers;
    assert.equal(container?.name, "scrum-standup");
    assert.deepEqual(env(container), {
      APP_FILE: "scrum_standup.py",
      SESHETA_SCRUM_MESSAGE: "configMapKeyRef sesheta-configmap/scrum-message",
      SESHETA_SCRUM_SPACE: "configMapKeyRef sesheta-configmap/scrum-space",
      SESHETA_SCRUM_URL: "configMapKeyRef sesheta-configmap/scrum-url",
      USERS_INVITED: "configMapKeyRef sesheta-configmap/users-invited",
    });
    assert.deepEqual(container.resources, {
      requests: { cpu: "100m", memory: "64Mi" },
      limits: { cpu: "250m", memory: "128Mi" },
    });
    assert.deepEqual(mounts(pod)["/opt/app-root/src/etc"], {
      secret: {
        secretName: "sesheta-pubsub-consumer",
        defaultMode: 0o644,
        items: [{ key: "sesheta-chatbot-968e13a86991.json", path: "credentials.json" }],
      },
    });
    assert.deepEqual(seen.object("ConfigMap sesheta-configmap").data, {
      "scrum-space": "spaces/AAAA",
      "scrum-message": "☎️ the scrum is due in one minute...",
      "scrum-url": "https://meet.example.org/scrum",
      "users-invited": "Ada, Grace",
    });
  });

  for (const [component, file, schedule] of [
    ["label-checker", "check_if_labels_present.py", "@daily"],
    ["approver", "approver.py", "*/10 * * * *"],
  ]) {
    it(`Sesheta's ${String(component)} runs ${String(schedule)}`, async () => {
      const { spec, pod } = cron(await buildThoth({ bots }), `sesheta-${String(component)}`);
      assert.deepEqual([spec.schedule, spec.successfulJobsHistoryLimit, spec.failedJobsHistoryLimit], [schedule, 2, 2]);
      const [container] = pod.containers;
      assert.equal(container?.name, `sesheta-${String(component)}`);
      assert.deepEqual(env(container), {
        APP_FILE: file,
        SESHETA_GITHUB_ACCESS_TOKEN: "secretKeyRef sesheta-secret/github-oauth-token",
      });
      assert.deepEqual(container.resources, {
        requests: { cpu: "100m", memory: "32Mi" },
        limits: { cpu: "250m", memory: "128Mi" },
      });
      assert.deepEqual(mounts(pod)["/opt/app-root/src/etc"], {
        configMap: { name: "sesheta-bot", items: [{ key: "sesheta-bot-config-json", path: "config.json" }] },
      });
    });
  }

  it("the bots work on the repositories and labels of the stack", async () => {
    const seen = await buildThoth({ bots });
    const { "sesheta-bot-config-json": text } = seen.object("ConfigMap sesheta-bot").data as Record<string, string>;
    const { defaultLabels, ...rest } = JSON.parse(text ?? "") as { defaultLabels: object[] };
    assert.deepEqual(rest, { organization: "thoth-station", repositories: ["core"] });
    assert.equal(defaultLabels.length, 11);
    assert.deepEqual(defaultLabels[0], { name: "bot", color: "698b69" });
  });

  it("each bot can be left out, with everything that only it uses", async () => {
    const off = { webhooks: false, scrum: false, labelChecker: false, approver: false };
    const names = async (sesheta: object, others: object): Promise<readonly string[]> => {
      const settings = { ...bots, ...others, sesheta: { ...bots.sesheta, ...sesheta } };
      const { manifests } = await buildThoth({ bots: settings });
      const shown = manifests.filter(({ kind }) => /Secret|ConfigMap|CronJob|Deployment|Route/.test(kind));
      return shown.map(({ kind, name }) => `${kind} ${name}`).sort();
    };
    const none = { kebechet: { enabled: false }, nepthys: { ...bots.nepthys, enabled: false } };
    assert.deepEqual(await names(off, none), []);
    assert.deepEqual(await names({ ...off, approver: true }, none), [
      "ConfigMap sesheta-bot",
      "CronJob sesheta-approver",
      "Secret generic-webhook-secret",
      "Secret sesheta-secret",
    ]);
    assert.deepEqual(await names({ ...off, scrum: true, build: false, image: "x:1" }, none), [
      "ConfigMap sesheta-configmap",
      "CronJob sesheta-scrum",
      "Secret sesheta-pubsub-consumer",
      "Secret sesheta-secret",
    ]);
    assert.deepEqual(await names(off, { nepthys: none.nepthys }), [
      "ConfigMap kebechet-configmap",
      "CronJob kebechet",
      "Secret kebechet-secret",
    ]);
  });

  it("no bot runs while another cluster still runs it", async () => {
    const seen = await buildThoth({ bots: { ...bots, suspendCronJobs: true } });
    const jobs = seen.manifests.filter(({ kind }) => kind === "CronJob");
    assert.equal(jobs.length, 5);
    assert.deepEqual([...new Set(jobs.map(({ name }) => cron(seen, name).spec.suspend))], [true]);
  });

  it("bots may only connect to DNS, HTTPS and, where they push, SSH", async () => {
    const seen = await buildThoth({ bots });
    const ports = (name: string): unknown => {
      const { egress, ingress } = seen.object(`NetworkPolicy ${name}`).spec as Record<string, { ports: object[] }[]>;
      return { calls: egress?.at(-1)?.ports, calledOn: ingress?.map((one) => one.ports) };
    };
    const tcp = (port: number): object => ({ port, protocol: "TCP" });
    for (const name of ["kebechet", "nepthys"]) {
      assert.deepEqual(ports(name), { calls: [tcp(22), tcp(443)], calledOn: [] });
    }
    for (const name of ["sesheta-scrum", "sesheta-label-checker", "sesheta-approver"]) {
      assert.deepEqual(ports(name), { calls: [tcp(443)], calledOn: [] });
    }
    assert.deepEqual(ports("sesheta-webhooks"), { calls: [tcp(443)], calledOn: [[tcp(8080)]] });
  });

  it("bots are built in the cluster from their repositories where the stack says so", async () => {
    const seen = await buildThoth({ bots: { ...bots, kebechet: { build: true } } });
    const { pod } = cron(seen, "kebechet");
    const image = "image-registry.openshift-image-registry.svc:5000/aicoe-prod-bots/kebechet-job:latest";
    assert.equal(pod.containers[0]?.image, image);
    assert.equal(pod.containers[0].imagePullPolicy, "Always");
    const size = { cpu: "1", memory: "1Gi" };
    assert.deepEqual(seen.object("BuildConfig kebechet-job").spec, {
      source: { type: "Git", git: { uri: "https://github.com/thoth-station/kebechet", ref: "v1.0.9" } },
      strategy: { type: "Docker", dockerStrategy: { dockerfilePath: "Dockerfile", noCache: true } },
      output: { to: { kind: "ImageStreamTag", name: "kebechet-job:latest" } },
      resources: { requests: size, limits: size },
      runPolicy: "Serial",
      triggers: [
        // OpenShift refuses an image trigger here, because the Dockerfile build has no ImageStreamTag.
        { type: "ConfigChange" },
        { type: "Generic", generic: { secretReference: { name: "generic-webhook-secret" } } },
      ],
    });
    const { strategy } = seen.object("BuildConfig sesheta").spec as { strategy: unknown };
    assert.deepEqual(strategy, {
      type: "Source",
      sourceStrategy: {
        from: { kind: "ImageStreamTag", name: "python-36:latest" },
        env: [{ name: "ENABLE_PIPENV", value: "1" }],
      },
    });
    await assert.rejects(buildThoth({ bots }, "kubernetes"), /thoth:settings\.bots\.sesheta\.build: .* no OpenShift/);
  });
});
