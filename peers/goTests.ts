/** Suites that are Go packages: each package's tests are one program, built once per machine. */
import path from "node:path";
import type { Log } from "../lab/component.ts";
import { cacheDir, type LabSettings } from "../lab/settings.ts";
import type { Artifact } from "../lab/toolchain/artifacts.ts";
import { artifactFolder } from "../lab/toolchain/build.ts";
import { ensureArtifacts } from "../lab/toolchain/ensure.ts";
import { GoOutput } from "./goOutput.ts";
import { follow } from "./program.ts";
import type { Control, Result, Session } from "./suite.ts";
import { output } from "../ops/lib/process.ts";

const sources = path.join(import.meta.dirname, "sources");

/** Test programs of a module's packages. */
export interface GoSuite {
  readonly name: string;
  /** Packages by the names that their tests get, e.g. "networking/v2". */
  readonly packages: Readonly<Record<string, string>>;
  readonly tags?: string;
  /** Minutes of a build on two cores. */
  readonly minutes: number;
}

const programOf = (name: string): string => `${name.replaceAll("/", "-")}.test`;

function artifactOf({ name, packages, tags, minutes }: GoSuite): Artifact {
  return {
    name: `peers-${name}`,
    minutes,
    files: Object.keys(packages).map(programOf),
    releases: [],
    sources: [name],
    steps: Object.entries(packages).map(([short, found]) => {
      const tagged = tags === undefined ? {} : { tags };
      return { do: "build", package: found, in: name, to: programOf(short), test: true, ...tagged };
    }),
  };
}

/** Builds the programs that are missing; their versions are in `sources/NAME/go.mod`. */
export async function installGo(suite: GoSuite, log: Log): Promise<void> {
  await ensureArtifacts([artifactOf(suite)], { title: "foreign tests", gigabytes: 4, sources }, log);
}

/**
 * A suite's tests, called "PACKAGE TEST".
 * @param lane - name of its log, where several sessions run the suite
 */
export function goSession(
  suite: GoSuite,
  lab: LabSettings,
  env: Readonly<Record<string, string>>,
  lane = suite.name,
): Session {
  const folder = artifactFolder(cacheDir, artifactOf(suite), sources);
  const program = (short: string): string => path.join(folder, programOf(short));
  return {
    async tests() {
      const all = Object.keys(suite.packages).map(async (short) => {
        const listed = await output(program(short), ["-test.list", "^Test"], { cwd: folder, env });
        return listed.split("\n").flatMap((test) => (test === "" ? [] : [`${short} ${test}`]));
      });
      return (await Promise.all(all)).flat();
    },
    async run(tests, report, control) {
      for (const [short, names] of byPackage(tests)) {
        if (control.stop.aborted) return;
        const command = [program(short), ...goFlags(names)] as const;
        const log = path.join(lab.dir, "peers", `${lane}.log`);
        await runPackage({ command, env, cwd: folder, log }, short, report, control);
      }
    },
  };
}

async function runPackage(
  program: Parameters<typeof follow>[0],
  short: string,
  report: (result: Result) => void,
  control: Control,
): Promise<void> {
  const reader = new GoOutput();
  const tell = (result: Result): void => {
    report({ ...result, test: `${short} ${result.test}` });
  };
  const read = (line: string): void => {
    const result = reader.line(line);
    if (result !== undefined && !control.stop.aborted) tell(result);
  };
  await follow(program, read, control);
  if (!control.stop.aborted) reader.unfinished().forEach(tell);
}

/** Options that run these tests one after the other; what does not end in an hour never will. */
export const goFlags = (names: readonly string[]): readonly string[] => [
  ...["-test.v", "-test.parallel", "1", "-test.timeout", "60m"],
  ...["-test.run", `^(${names.join("|")})$`],
];

/** Names of tests by their packages, in the order of the packages' first tests. */
export function byPackage(tests: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const test of tests) {
    const [short = "", name = ""] = test.split(" ");
    found.set(short, [...(found.get(short) ?? []), name]);
  }
  return found;
}
