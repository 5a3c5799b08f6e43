import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { changeOf, type Memory, messageOf, parseMemory } from "../../../ci/alerts/change.ts";
import { healthMarker, healthText } from "../../../ci/alerts/healthIssue.ts";
import { findIssue, issueBody, type KeptIssue, keepIssue } from "../../../ci/alerts/keptIssue.ts";
import { type Problem, problemsOfDoctor, problemsOfStatus, wasAsked } from "../../../ci/alerts/problem.ts";
import { metricsText } from "../../../ci/alerts/textfile.ts";
import type { GitHub } from "../../../ci/github.ts";
import type { Report, Row } from "../../../ops/lib/status/row.ts";

const now = new Date("2026-11-23T04:00:00Z");

function report(rows: readonly Partial<Row>[], problem?: string): Report {
  const row = { source: "workloads", system: "packit", part: "packit-prod/worker", state: "bad", text: "t" } as const;
  return {
    ...{ stack: "prod", at: now.toISOString(), seconds: 1, systems: ["packit"] },
    rows: rows.map((one) => ({ ...row, ...one })),
    sources: [
      { name: "workloads", target: "cluster online", seconds: 1, ...(problem === undefined ? {} : { problem }) },
    ],
  };
}

describe("alerts", () => {
  it("one problem is reported once when it begins and once when it ends, whatever its text says meanwhile", () => {
    const first = changeOf(
      {},
      problemsOfStatus(report([{ text: "pod worker-a1: ImagePullBackOff" }])),
      () => true,
      now,
    );
    assert.deepEqual([first.began.length, first.ended.length], [1, 0]);
    const second = changeOf(
      first.known,
      problemsOfStatus(report([{ text: "pod worker-b2: ErrImagePull" }])),
      () => true,
      now,
    );
    assert.deepEqual([second.began, second.ended, messageOf(second)], [[], [], undefined]);
    const third = changeOf(second.known, problemsOfStatus(report([{ state: "ok" }])), () => true, now);
    assert.equal(messageOf(third)?.title, "Orrery, prod: 1 over");
    assert.match(
      messageOf(third)?.text ?? "",
      /^OVER prod: packit, packit-prod\/worker, since 2026-11-23T04:00Z\n\nNothing is wrong any more\.$/,
    );
    assert.equal(messageOf(changeOf(third.known, [], () => true, now)), undefined);
  });

  it("a problem has not ended if its source or its stack could not be asked", () => {
    const { known } = changeOf({}, problemsOfStatus(report([{}])), () => true, now);
    const silent = report([], "no answer within 7 s");
    const asked = (reports: readonly Report[]) => (key: string) => wasAsked(key, reports, ["prod"]);
    const during = changeOf(known, problemsOfStatus(silent), asked([silent]), now);
    assert.deepEqual(during.ended, []);
    assert.deepEqual(
      during.began.map(({ title, text }) => [title, text]),
      [["cluster online", "does not say (workloads): no answer within 7 s"]],
    );
    assert.deepEqual(changeOf(known, [], asked([]), now).ended, []);
    assert.deepEqual(changeOf(during.known, [], asked([report([])]), now).ended.length, 2);
  });

  it("doctor's dates and counts do not make a problem a new one every night", () => {
    const night = (text: string) =>
      problemsOfDoctor("prod", [{ level: "warning", about: "secrets", text, fix: "rotate" }]);
    const { known } = changeOf({}, night("packit:token ends on 2026-12-01, in 8 days"), () => true, now);
    assert.deepEqual(changeOf(known, night("packit:token ends on 2026-12-01, in 7 days"), () => true, now).began, []);
    assert.deepEqual(problemsOfDoctor("prod", [{ level: "ok", about: "secrets", text: "fine" }]), []);
  });

  it("a message of hundreds of problems is cut, the worst come first", () => {
    const many = Array.from({ length: 100 }, (_, at): Problem => {
      return {
        key: `k${at}`,
        stack: "prod",
        level: at === 99 ? "bad" : "warn",
        title: `t${at}`,
        text: "x".repeat(1000),
      };
    });
    const { text = "" } = messageOf(changeOf({}, many, () => true, now)) ?? {};
    const lines = text.split("\n");
    assert.match(lines[0] ?? "", /^BAD prod: t99: x+…$/);
    assert.deepEqual(lines.slice(-3), ["and 60 more", "", "100 problems are open."]);
  });

  it("what sinks were notified of survives in the issue, which opens, closes and opens again; a stranger's issue is nobody's memory", async () => {
    const issues: { number: number; body: string; title: string; state: "open" | "closed"; user: { login: string } }[] =
      [
        {
          number: 1,
          state: "open",
          title: "x",
          body: "<!-- orrery-health -->\n<!-- orrery-notified e30= -->",
          user: { login: "stranger" },
        },
      ];
    const hub: GitHub = {
      repository: "o/r",
      get: () => assert.fail(),
      list: <T>() => Promise.resolve(issues as unknown as T[]),
      send: <T>(method: string, path: string, body?: object) => {
        const at = method === "POST" ? issues.length : issues.findIndex(({ number }) => path === `/issues/${number}`);
        const old = issues[at] ?? {
          number: at + 1,
          state: "open" as const,
          title: "",
          body: "",
          user: { login: "github-actions[bot]" },
        };
        issues[at] = { ...old, ...body };
        return Promise.resolve(issues[at] as T);
      },
    };
    const problems = problemsOfStatus(report([{ text: "it says `x` @team --> end" }]));
    const { known } = changeOf({}, problems, () => true, now);
    const keep = (issue: KeptIssue, open: readonly Problem[], memory: Memory): Promise<string> =>
      keepIssue(hub, healthMarker, issue, healthText(open), memory);
    const none = await findIssue(hub, healthMarker);
    assert.deepEqual(none, { number: undefined, open: false, memory: {} });
    assert.equal(await keep(none, [], {}), "nothing is wrong, and there is no issue");
    assert.equal(await keep(none, problems, { slack: known }), "issue 2 opened");
    const found = await findIssue(hub, healthMarker);
    assert.deepEqual([found.number, found.memory], [2, { slack: known }]);
    assert.match(
      issues[1]?.body ?? "",
      /- \*\*bad\*\*, prod: `packit, packit-prod\/worker`: `it says 'x' @team --> end`$/,
    );
    assert.equal(await keep(found, [], { slack: {} }), "issue 2 closed");
    assert.deepEqual([issues[1]?.state, (await findIssue(hub, healthMarker)).memory], ["closed", { slack: {} }]);
    assert.equal(await keep(await findIssue(hub, healthMarker), problems, { slack: known }), "issue 2 opened again");
    const { list } = healthText(Array.from({ length: 5000 }, () => problems[0] ?? assert.fail()));
    assert.ok(list.length > 65_536 && issueBody(healthMarker, list, {}).length <= 65_536);
    assert.throws(() => parseMemory('{"slack": []}'));
  });

  it("the text file for Prometheus has a line a system and state, and escapes what labels may not have", () => {
    const text = metricsText([report([{ part: 'a "b"\\c' }, { state: "ok" }], "no answer")]);
    const lines = text.split("\n");
    assert.ok(lines.includes('orrery_rows{stack="prod",system="packit",state="bad"} 1'), text);
    assert.ok(lines.includes('orrery_rows{stack="prod",system="packit",state="warn"} 0'));
    assert.ok(
      lines.includes(
        String.raw`orrery_problem{stack="prod",system="packit",part="a \"b\"\\c",source="workloads",state="bad"} 1`,
      ),
    );
    assert.ok(lines.includes('orrery_source_up{stack="prod",source="workloads",target="cluster online"} 0'));
    assert.ok(lines.includes('orrery_last_look_timestamp_seconds{stack="prod"} 1795406400'));
    assert.equal(lines.at(-1), "");
  });
});
