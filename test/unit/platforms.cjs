/** Unit tests that do not run on every system, and why. */
const linux = {
  "runs parts of the lab, which runs on Linux": [
    "lab/cli",
    "lab/doctor",
    "lab/imageBuild",
    "lab/interruption",
    "lab/lock",
    "lab/machineRules",
    "lab/metrics",
    "lab/usage",
    "toolchain/buildCache",
    "toolchain/making",
    "audit/labFolder",
    "audit/labSecrets",
  ],
  "runs scripts of Debian guests or of pods with GNU tools": [
    "audit/blankDisk",
    "audit/firstContact",
    "audit/guestSettings",
    "audit/hostKeys",
    "callysto/acme",
    "callysto/guest",
    "callysto/renameHomes",
    "packit/jobs",
  ],
  "asks /proc who holds a lock, as the command does": [
    "audit/decisionJournal",
    "audit/decisions",
    "audit/decisionsFailed",
    "audit/decisionsOpen",
    "audit/state",
    "state",
    "stateRecover",
  ],
};
const posix = {
  "starts sh, bash or openssl": ["audit/outgoing", "callysto/ops", "openstack/guest", "prow/ops"],
  "uses signals, file modes or symbolic links of POSIX": [
    "audit/protectedHubs",
    "audit/replaceFile",
    "cli/front",
    "prow/artifacts",
    "review/interrupted",
  ],
};

const files = (table) =>
  Object.entries(table).flatMap(([why, names]) => names.map((name) => ({ file: `test/unit/${name}.test.ts`, why })));

/** Files that are skipped on a platform of Node's `process.platform`. */
exports.skippedOn = (platform) => [
  ...(platform === "linux" ? [] : files(linux)),
  ...(platform === "win32" ? files(posix) : []),
];
