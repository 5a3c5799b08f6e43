// Mocha's spec reporter with one more line, "N passed, N failed", that CI systems read.
const { Spec } = require("mocha").reporters;

module.exports = class extends Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once("end", () => {
      const { passes, failures, pending } = runner.stats;
      console.log(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ""}`);
    });
  }
};
