// Mocha's spec reporter with what CI wants besides: where the time went, and "N passed, N failed" as its last line.
const path = require("node:path");
const { Spec } = require("mocha").reporters;

module.exports = class extends Spec {
  constructor(runner, options) {
    super(runner, options);
    const seconds = new Map();
    let began = Date.now();
    runner.on("suite", ({ parent }) => {
      if (parent?.root) began = Date.now();
    });
    runner.on("suite end", ({ parent, file }) => {
      if (!parent?.root) return;
      const name = path.basename(file ?? "", ".test.ts");
      seconds.set(name, (seconds.get(name) ?? 0) + (Date.now() - began) / 1000);
    });
    // A long run says at once why a test failed, not only at its end.
    runner.on("fail", (_test, error) => {
      const lines = String(error?.message ?? error)
        .split("\n")
        .slice(0, 12);
      for (const line of lines) console.log(`       ${line.slice(0, 300)}`);
    });
    runner.once("end", () => {
      const long = [...seconds].filter(([, time]) => time >= 10).sort(([, a], [, b]) => b - a);
      for (const [name, time] of long) console.log(`${String(Math.round(time)).padStart(6)} s  ${name}`);
      const { passes, failures, pending } = runner.stats;
      console.log(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ""}`);
    });
  }
};
