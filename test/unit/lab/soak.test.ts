/** What a soak says of its events: which had their result alone, what explains the others, and what nothing explains. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type Fault, judge, reasonOf, type Seen, type Sent, soakText, wrongs } from "../../../lab/demo/soak/record.ts";

const kind = {
  name: "a change",
  patience: 100,
  loses: [
    { program: /\/hook-/, seconds: 30, why: "hook answers first" },
    { program: /^[^/]+$/, seconds: 240, why: "a node lost its power" },
  ],
};
const sent = (fields: Partial<Sent> = {}): Sent => ({ kind: kind.name, id: "1", sent: 500, helped: [], ...fields });
const help = (at: number, undelivered = 0): Sent["helped"][number] => ({ at, undelivered });
const killed = (at: number, target = "prow/hook-7/hook"): Fault => ({ at, what: "program", target });

describe("what explains that an event needed help", () => {
  it("the page of the webhook, if it was not delivered", () => {
    const one = sent({ helped: [help(600, 1)], done: 620 });
    assert.equal(reasonOf(one, kind, [killed(510)]), "GitHub or GitLab could not deliver it, and showed that");
  });

  it("the death of what is known to lose events, shortly before it or while it was on its way", () => {
    const one = sent({ helped: [help(600)], done: 620 });
    assert.equal(reasonOf(one, kind, [killed(480)]), "hook answers first");
    assert.equal(reasonOf(one, kind, [killed(590)]), "hook answers first");
  });

  it("no death that was too early, came after the help, or was another program's", () => {
    const one = sent({ helped: [help(600)], done: 620 });
    assert.equal(reasonOf(one, kind, [killed(460), killed(610), killed(510, "prow/deck-1/deck")]), undefined);
  });

  it("a node's, and its programs' start after it", () => {
    const one = sent({ helped: [help(600)] });
    const node = (at: number): Fault => ({ at, what: "node", target: "node-1" });
    assert.equal(reasonOf(one, kind, [node(300)]), "a node lost its power");
    assert.equal(reasonOf(one, kind, [node(200)]), undefined);
  });
});

describe("figures of a soak", () => {
  const flat = Array.from({ length: 60 }, (_, at) => ({ minute: at / 3, memory: 8 }));
  const seen = (fields: Partial<Seen>): Seen => {
    return { minutes: 20, seed: 7, sent: [], unsent: 0, faults: [], memory: flat, stuck: [], ...fields };
  };
  const good = [
    sent({ id: "1", done: 510 }),
    sent({ id: "2", done: 540 }),
    sent({ id: "3", helped: [help(600, 2)], done: 630 }),
  ];

  it("count those that needed nobody, with their times, and the others by reason", () => {
    assert.deepEqual(judge([kind], good, []), [
      {
        ...{ kind: "a change", sent: 3, alone: 2, median: 40, slowest: 40 },
        ...{ helped: { "GitHub or GitLab could not deliver it, and showed that": 1 }, wrong: [] },
      },
    ]);
    assert.deepEqual(wrongs([kind], seen({ sent: good })), []);
    assert.match(
      soakText([kind], seen({ sent: good })),
      /^20 minutes, --seed 7; .*\na change: 3, 2 of them without help.*\n/,
    );
  });

  it("name an event that nothing explains, and one without a result", () => {
    const bad = [sent({ id: "4", helped: [help(600)], done: 610 }), sent({ id: "5", helped: [help(600, 1)] })];
    assert.deepEqual(wrongs([kind], seen({ sent: bad })), [
      "a change: 4, sent at 500 s: needed help, and nothing explains it",
      "a change: 5, sent at 500 s: no result, in spite of help",
    ]);
  });

  it("are wrong if a kind did not happen, a pod does not come back, or memory grows", () => {
    const growing = flat.map(({ minute }, at) => ({ minute, memory: 8 + at / 20 }));
    assert.deepEqual(wrongs([kind], seen({ stuck: ["prow/hook-7: Pending, not ready: hook"], memory: growing })), [
      "a change: none was sent",
      "prow/hook-7: Pending, not ready: hook",
      "memory grew by 16 %",
    ]);
  });
});
