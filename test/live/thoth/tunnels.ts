/** What goes through the tunnels of Thoth's bots, asked from outside: ultrahook.com, Kafka, GitHub, the chat, and what the policies let through. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { execute, kubectl } from "../../../lab/demo/kubectl.ts";
import type { ThothAtWork } from "../../../lab/demo/thoth/deploy.ts";
import { kafkaNamespace, messageIn, messagesIn, topics } from "../../../lab/demo/thoth/kafka.ts";
import { deliveriesOf, redeliver } from "../../../lab/demo/github.ts";
import { type Issue, type Pull, pullOf, repository } from "../../../lab/demo/thoth/steps.ts";
import {
  chatOf,
  connectedTunnels,
  cutTunnel,
  hookOf,
  issueEvent,
  type RawEvent,
  reviewByBot,
  routeOf,
  saidInChat,
  sendAlert,
  sendEvent,
  type SocialEvent,
  tunnelsConnected,
} from "../../../lab/demo/thoth/webhooks.ts";
import { senderAddress, tunnels } from "../../../lab/demo/thoth/counterparts.ts";
import { until } from "../../../lab/demo/until.ts";
import type { Run } from "../../../lab/pulumi.ts";

/** What is deployed. */
interface Deployed {
  readonly run: Run;
  readonly thoth: ThothAtWork;
}

/** The tests; Kebechet has proposed version 0.1.1 before. @param deployed - once it is */
export function describeTunnels(deployed: () => Deployed): void {
  const open = (title: string): Promise<Issue> =>
    deployed().thoth.alice.call<Issue>("POST", `/repos/${repository}/issues`, { title, body: "" });
  const rawOf = (title: string): Promise<RawEvent> =>
    messageIn<RawEvent>(deployed().run, topics.github, title, ({ payload }) => payload.issue?.title === title);
  const titlesInKafka = async (): Promise<readonly (string | undefined)[]> =>
    (await messagesIn<RawEvent>(deployed().run, topics.github)).map(({ payload }) => payload.issue?.title);

  it("the stack's clients are connected to ultrahook.com; a second one of a subdomain, or a wrong key, is turned away", async () => {
    const { run, thoth } = deployed();
    const all = await tunnelsConnected(run.lab, Object.values(tunnels));
    assert.deepEqual(all, [...Object.values(tunnels), "zuul-thoth-test-core.aicoe"].toSorted());
    const again = (...variables: readonly string[]): Promise<string> =>
      execute(run, thoth.tunnels, [
        "deployment/ultrahook-review-manager",
        "--",
        "env",
        ...variables,
        "/tmp/scripts/run",
      ]);
    const printed = (pattern: RegExp) => (error: unknown) => pattern.test((error as { stdout?: string }).stdout ?? "");
    await assert.rejects(
      again("ULTRAHOOK_SUBDOMAIN=cyborg-regidores"),
      printed(/^stand-in for ultrahook[^]*Error: Another client is connected to this subdomain/),
    );
    await assert.rejects(again("ULTRAHOOK_API_KEY=wrong"), printed(/Error: Invalid API key/));
  });

  it("an issue's event is in Kafka's topics as GitHub told it, and in the topic of the normalizers in their form", async () => {
    const { run } = deployed();
    const title = `An issue of ${new Date().toISOString()}`;
    const { html_url, number } = await open(title);
    const raw = await rawOf(title);
    assert.deepEqual([raw.event_type, raw.payload.action, raw.payload.issue?.html_url], ["issues", "opened", html_url]);
    const activity = await messagesIn<RawEvent>(run, topics.activity);
    assert.deepEqual(
      activity.filter(({ payload }) => payload.issue?.html_url === html_url),
      [raw],
    );
    const event = await messageIn<SocialEvent>(run, topics.events, title, ({ issue_url }) => issue_url === html_url);
    const { event_type, action, user_name, repository_url, pull_request_url } = event;
    assert.deepEqual(
      { event_type, action, user_name, repository_url, pull_request_url },
      {
        ...{ event_type: "issues", action: "opened", user_name: "alice", pull_request_url: "" },
        repository_url: `https://github.com/${repository}`,
      },
      String(number),
    );
  });

  it("a webhook with a wrong signature is refused at the Routes, and in no topic, neither that way nor through the tunnel", async () => {
    const { run, thoth } = deployed();
    const titles = ["at the Route", "through the tunnel"].map((way) => `Forged ${way} ${Date.now()}`);
    const forged = (url: string, title = ""): Promise<{ status: number }> =>
      sendEvent(run.lab, url, "not the secret", issueEvent(title));
    const route = await routeOf(run, thoth.namespace, "webhook2kafka");
    assert.equal((await forged(`${route}/github`, titles[0])).status, 500, "as cyborg-regidores");
    assert.equal((await forged(`${senderAddress("webhook2kafka")}/github`, titles[1])).status, 200, "as ultrahook.com");
    const manager = await routeOf(run, thoth.namespace, "review-manager-webhooks");
    assert.equal((await forged(`${manager}/github`, titles[0])).status, 403);
    const right = `Signed ${Date.now()}`;
    assert.equal((await sendEvent(run.lab, `${route}/github`, thoth.secret, issueEvent(right))).status, 200);
    await rawOf(right);
    const all = await titlesInKafka();
    for (const title of titles) assert.ok(!all.includes(title), title);
  });

  it("the Review Manager approves the bots' pull request as the App, and tells the chat of a person's review", async () => {
    const { run, thoth } = deployed();
    const pull = await pullOf(thoth, "v0.1.1");
    assert.ok(pull !== undefined);
    const review = await reviewByBot(thoth, pull.number);
    assert.deepEqual([review.user.login, review.state], ["sefkhet-abwy[bot]", "APPROVED"]);
    assert.match(review.body, /auto-approve/);
    await until("the label", 30, async () => {
      const { labels } = await thoth.bob.get<Pull>(`/repos/${repository}/issues/${pull.number}`);
      return labels.some(({ name }) => name === "approved") ? true : undefined;
    });
    await thoth.bob.call("POST", `/repos/${repository}/pulls/${pull.number}/reviews`, { event: "APPROVE", body: "" });
    assert.equal(await saidInChat(run.lab, thoth, "bob approved"), `bob approved this pull request: ${pull.html_url}`);
    assert.equal((await chatOf(run.lab, thoth)).filter((text) => text.includes("[bot]")).length, 0);
  });

  it("GitHub was asked for nothing that it does not know", async () => {
    assert.deepEqual(await deployed().thoth.alice.get<readonly string[]>("/lab/unknown"), []);
  });

  it("an alert goes through Sesheta's tunnel to the chat", async () => {
    const { run, thoth } = deployed();
    const name = `Alert${Date.now()}`;
    assert.equal((await sendAlert(run.lab, name)).status, 200);
    assert.match(await saidInChat(run.lab, thoth, name), /^firing: Alert\d+ \(warning\) of kubelet at node-0/);
  });

  it("a tunnel that is cut comes back by itself; what was sent before and after is in Kafka", async () => {
    const { run } = deployed();
    const [before, after] = ["Before", "After"].map((when) => `${when} the cut ${Date.now()}`);
    await open(before ?? "");
    await rawOf(before ?? "");
    await cutTunnel(run.lab, tunnels.webhook2kafka);
    await tunnelsConnected(run.lab, [tunnels.webhook2kafka]);
    await open(after ?? "");
    await rawOf(after ?? "");
    assert.ok((await titlesInKafka()).includes(before));
  });

  it("what is sent while there is no client is lost, as at ultrahook.com, though GitHub is told 200; GitHub's redelivery brings it", async () => {
    const { run, thoth } = deployed();
    const scale = (replicas: number): Promise<string> =>
      kubectl(run, thoth.tunnels, ["scale", "deployment/ultrahook-cyborg-regidores", `--replicas=${replicas}`]);
    await scale(0);
    await until("the end of the client", 120, async () =>
      (await connectedTunnels(run.lab)).includes(tunnels.webhook2kafka) ? undefined : true,
    );
    const [lost, later] = ["Lost", "Later"].map((what) => `${what} ${Date.now()}`);
    const newest = (await deliveriesOf(hookOf(thoth)))[0]?.id ?? 0;
    await open(lost ?? "");
    const delivery = await until("GitHub's delivery", 60, async () => {
      const found = (await deliveriesOf(hookOf(thoth))).find(({ id, event }) => id > newest && event === "issues");
      return found?.status_code === 0 ? undefined : found;
    });
    assert.equal(delivery.status_code, 200);
    await scale(1);
    await tunnelsConnected(run.lab, [tunnels.webhook2kafka]);
    await open(later ?? "");
    await rawOf(later ?? "");
    assert.ok(!(await titlesInKafka()).includes(lost));
    await redeliver(hookOf(thoth), delivery.id);
    await rawOf(lost ?? "");
  });

  describe("the NetworkPolicies", () => {
    /** Whether a program in a pod can connect. */
    const connects = async (namespace: string, words: readonly string[]): Promise<boolean> =>
      execute(deployed().run, namespace, words).then(
        () => true,
        () => false,
      );
    const fromTunnel = (host: string, port: number): Promise<boolean> => {
      const code = "require 'socket'; Socket.tcp(ARGV[0], ARGV[1], connect_timeout: 3)";
      const words = ["deployment/ultrahook-cyborg-regidores", "--", "ruby", "-e", code, host, String(port)];
      return connects(deployed().thoth.tunnels, words);
    };
    const fromBot = (bot: string, host: string, port: number): Promise<boolean> => {
      const code = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)";
      const words = [`deployment/${bot}`, "--", "python3", "-c", code, host, String(port)];
      return connects(deployed().thoth.namespace, words);
    };
    const kafkaPod = `kafka.${kafkaNamespace}.svc.cluster.local`;
    const receiver = (): string => `webhook2kafka.${deployed().thoth.namespace}.svc.cluster.local`;

    it("a tunnel reaches its bot and ultrahook.com, and nothing else in the cluster", async () => {
      assert.deepEqual([await fromTunnel(receiver(), 8080), await fromTunnel("www.ultrahook.com", 80)], [true, true]);
      assert.deepEqual(
        [await fromTunnel(kafkaPod, 9093), await fromTunnel("google.lab-counterparts.svc.cluster.local", 80)],
        [false, false],
      );
    });

    it("webhook2kafka and the normalizers reach the brokers' public port, and neither the broker's own nor each other", async () => {
      for (const bot of ["webhook2kafka", "normalizers"]) {
        assert.equal(await fromBot(bot, "kafka-0.datahub.lab.test", 443), true, bot);
        assert.equal(await fromBot(bot, kafkaPod, 9093), false, bot);
        assert.equal(await fromBot(bot, "www.ultrahook.com", 80), false, bot);
      }
      assert.equal(await fromBot("normalizers", receiver(), 8080), false);
    });

    it("a bot takes calls of the tunnels and of the router only", async () => {
      const code = "fetch(process.argv[1], { signal: AbortSignal.timeout(3000) }).catch(() => process.exit(1))";
      const words = [
        "deployment/github",
        "-c",
        "github",
        "--",
        "node",
        "-e",
        code,
        `http://${receiver()}:8080/healthz`,
      ];
      assert.equal(await connects("lab-counterparts", words), false);
    });
  });
}
