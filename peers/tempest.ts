/** tempest, and the tests that OpenStack's projects add to it: Debian 12's, of the same release as the lab's OpenStack. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pythonEnvironment } from "../lab/harness/python.ts";
import { installPackages } from "../lab/openstack/packages.ts";
import { python } from "../lab/openstack/services.ts";
import type { Run } from "../lab/pulumi.ts";
import { output } from "../ops/lib/process.ts";
import { prepare } from "./preparation.ts";
import { follow } from "./program.ts";
import type { Control, Result, Session, Suite } from "./suite.ts";
import { TempestOutput } from "./tempestOutput.ts";
import { learn, tempestConf } from "./tempestSettings.ts";

/** Programs in parallel: tests wait most of the time, the lab's services on one processor each. */
const lanes = 3;

/** Seconds that one test may take. */
const patience = "1800";

const program = path.join(import.meta.dirname, "tempest", "run.py");

/** What of tempest's tests is one suite. */
interface Choice {
  readonly name: string;
  readonly about: string;
  readonly version: string;
  /** Its package. */
  readonly from: string;
  /** Whether that is PyPI's, because Debian's lacks files. @default false */
  readonly pypi?: boolean;
  /** Names of tests begin so, in the order in which they run. */
  readonly prefix: readonly string[];
}

export const tempest = suite({
  name: "tempest",
  about: "tempest's API tests of all services (Python)",
  version: "33.0.0",
  from: "python3-tempest",
  // Scenarios log in to a guest; the short ones first, as a run may end at any time.
  prefix: ["identity", "image", "object_storage", "volume", "network", "compute"].map((name) => `tempest.api.${name}.`),
});

/** Tests of projects' own. Left out are RBAC's, which want services that enforce scope, and scenarios that log in to a guest. */
export const plugins: readonly Suite[] = [
  suite({
    name: "tempest-cinder",
    about: "Cinder's tests for tempest (Python)",
    version: "1.7.2",
    from: "cinder-tempest-plugin",
    prefix: ["cinder_tempest_plugin.api."],
  }),
  suite({
    name: "tempest-designate",
    about: "Designate's tests for tempest, scenarios with BIND included (Python)",
    version: "0.14.0",
    from: "designate-tempest-plugin",
    pypi: true, // Debian's has no JSON files, which most tests of records read
    prefix: ["designate_tempest_plugin."],
  }),
  suite({
    name: "tempest-keystone",
    about: "Keystone's tests for tempest (Python)",
    version: "0.10.0",
    from: "keystone-tempest-plugin",
    prefix: ["keystone_tempest_plugin.tests.api."],
  }),
  suite({
    name: "tempest-neutron",
    about: "Neutron's API tests for tempest (Python)",
    version: "2.0.0",
    from: "neutron-tempest-plugin",
    prefix: ["neutron_tempest_plugin.api."],
  }),
];

function suite({ name, about, version, from, prefix, pypi = false }: Choice): Suite {
  const own = pythonEnvironment(name, ["--no-deps", `${from}==${version}`]);
  // Debian's modules come first, so that all but the plug-in is of the lab's release.
  const interpreter = pypi ? path.join(own.bin, "python") : python;
  return {
    name,
    about,
    version,
    cloud: "openstack",
    async install({ log }) {
      await installPackages(pypi ? ["python3-tempest"] : ["python3-tempest", from], log);
      if (pypi) return own.install();
      const found = await output("dpkg-query", ["-W", "-f", "${source:Upstream-Version}", from]);
      if (found !== version) throw new Error(`Debian's ${from} is ${found}; peers/tempest.ts expects ${version}`);
    },
    async open({ lab }: Run) {
      const folder = path.join(lab.dir, "peers", name);
      mkdirSync(folder, { recursive: true });
      const conf = tempestConf(lab, folder, await learn(lab, await prepare(lab)));
      writeFileSync(path.join(folder, "tempest.conf"), conf, { mode: 0o600 });
      return session(folder, interpreter, prefix);
    },
  };
}

function session(folder: string, interpreter: string, prefix: readonly string[]): Session {
  const env = {
    PYTHONPATH: "/usr/lib/python3/dist-packages",
    PYTHONDONTWRITEBYTECODE: "1",
    TEMPEST_CONFIG_DIR: folder,
    OS_TEST_TIMEOUT: patience,
  };
  const lane = async (
    tests: readonly string[],
    number: number,
    report: (result: Result) => void,
    control: Control,
  ): Promise<void> => {
    if (tests.length === 0) return;
    const list = path.join(folder, `tests-${number}`);
    writeFileSync(list, tests.join("\n"));
    const reader = new TempestOutput();
    const read = (line: string): void => {
      const result = reader.line(line);
      if (result !== undefined && !control.stop.aborted) report(result);
    };
    const log = path.join(folder, `output-${number}.log`);
    await follow({ command: [interpreter, program, "run", list], env, cwd: folder, log }, read, control);
    if (!control.stop.aborted) reader.unfinished().forEach(report);
  };
  return {
    async tests() {
      const listed = await output(interpreter, [program, "list"], { cwd: folder, env });
      return prefix.flatMap((one) => (JSON.parse(listed) as string[]).filter((test) => test.startsWith(one)));
    },
    async run(tests, report, control) {
      await Promise.all(dealt(tests, lanes).map((some, number) => lane(some, number, report, control)));
    },
  };
}

/** Classes of tests, in turn to each of `count` lists: a class is prepared once for all its tests. */
export function dealt(tests: readonly string[], count: number): readonly (readonly string[])[] {
  const classes = Map.groupBy(tests, (test) => test.replace(/\.[^.]*(?:\(.*)?$/, ""));
  return Array.from({ length: count }, (_, lane) =>
    [...classes.values()].flatMap((one, n) => (n % count === lane ? one : [])),
  );
}
