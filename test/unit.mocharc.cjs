// Mocha's settings for the unit tests; other systems than Linux skip some files, and say why.
const { skippedOn } = require("./unit/platforms.cjs");

const skipped = skippedOn(process.platform);
// Mocha reads this twice: before and after it starts Node again with "node-option".
if (process.execArgv.length > 0) for (const { file, why } of skipped) console.log(`skipped ${file}: ${why}`);

module.exports = {
  spec: ["test/unit/**/*.test.ts"],
  ignore: skipped.map(({ file }) => file),
  require: ["./test/start.mjs", "./test/unit/deriveOnce.cjs"],
  reporter: "test/reporter.cjs",
  parallel: true,
  jobs: 2,
  timeout: 300_000,
  diff: false,
  slow: 1000,
  "node-option": ["max-semi-space-size=64"],
};
