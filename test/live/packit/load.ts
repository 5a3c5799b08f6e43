/** Messages and pull requests that go on, whatever happens to Packit, and what became of each. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { deliveriesAbout, propose, type PullRequest, redeliver } from "../../../lab/demo/github.ts";
import { organisation } from "../../../lab/demo/packit/deploy.ts";
import { repository, statusAt, topics } from "../../../lab/demo/packit/packit.ts";
import { publishToFedora } from "../../../lab/demo/packit/steps.ts";
import { until } from "../../../lab/demo/until.ts";
import type { PackitOnNodes } from "./onNodes.ts";

/** Begins at once; the repository of the pull requests is there. */
export class Load {
  private readonly packit: PackitOnNodes;
  private readonly over = new AbortController();
  private readonly subjects: string[] = [];
  private readonly pulls: PullRequest[] = [];
  private readonly working: Promise<void>;

  constructor(packit: PackitOnNodes) {
    this.packit = packit;
    this.working = this.work();
  }

  private async work(): Promise<void> {
    const { run, work } = this.packit;
    const { signal } = this.over;
    for (let number = 0; !signal.aborted; number += 1) {
      const what = `load ${number}`;
      await publishToFedora(run, topics.fedora, { user: "packit", what });
      this.subjects.push(what);
      if (number % 4 === 0) {
        const change = { path: `load/${number}.txt`, text: `${number}\n`, title: what, in: repository };
        this.pulls.push(await propose({ person: work.alice, login: "alice" }, change));
      }
      await sleep(2000, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Asserts that GitHub could not deliver some, sends those again as its page offers, and that each event became one task. */
  async nothingLost(): Promise<void> {
    this.over.abort();
    await this.working;
    const { subjects, pulls } = this;
    assert.ok(subjects.length > 10 && pulls.length > 2, `${subjects.length} messages, ${pulls.length} pull requests`);
    assert.ok((await this.deliverAgain()) > 0, "the web service stood still, but GitHub could deliver everything");
    const query = "SELECT subject FROM stand_in_tasks WHERE source = 'fedora-messaging' AND state = 'done'";
    const done = await until("the tasks of all messages", 240, async () => {
      const found = (await this.packit.ask("postgres-16", query, "packit")).split("\n");
      return subjects.every((one) => found.includes(one)) ? found : undefined;
    });
    assert.equal(done.length, new Set(done).size, "a message became two tasks");
    for (const pull of pulls) assert.equal((await statusAt(this.packit.work, pull)).state, "success");
  }

  private async deliverAgain(): Promise<number> {
    const { alice, hook } = this.packit.work;
    const github = { owner: alice, organisation, hook };
    let again = 0;
    for (const { number } of this.pulls) {
      const all = await deliveriesAbout(github, `/pull/${number}"`, ["pull_request"]);
      for (const { id } of all.filter(({ status_code: status }) => status < 200 || status > 299)) {
        again += 1;
        await redeliver(github, id);
      }
    }
    return again;
  }
}
