/** Kubernetes' own conformance tests, with containers. */
import path from "node:path";
import { ensureForeignImages } from "../lab/images/build.ts";
import { files } from "../lab/kubernetes/files.ts";
import { offerImages } from "../lab/kubernetes/nodes/plan.ts";
import { chooseNodes } from "../lab/nodeChoice.ts";
import { ensureTool, toolFolder } from "../lab/tools/tools.ts";
import { output } from "../ops/lib/process.ts";
import { GinkgoOutput } from "./ginkgoOutput.ts";
import { conformanceImages } from "./images.ts";
import { follow } from "./program.ts";
import type { Session, Suite } from "./suite.ts";
import type { Run } from "../lab/pulumi.ts";

/** Tests move pods to another node, and drain one. */
const nodes = 2;

/** Programs in parallel: most tests wait for a container most of the time. */
const lanes = 8;

const program = (): string => path.join(toolFolder("conformance"), "e2e.test");

export const kubernetes: Suite = {
  name: "kubernetes",
  about: "Kubernetes' conformance tests, with containers (Go)",
  version: "1.36.1",
  cloud: "kubernetes",
  async install({ lab, log }) {
    await ensureTool("conformance", log);
    await chooseNodes(lab, { realNodes: nodes, fakeNodes: false, upstreamImages: false }, log);
    offerImages(lab, await ensureForeignImages(conformanceImages, log));
  },
  open: (run) => Promise.resolve(session(run)),
};

function session({ lab, toolchain }: Run): Session {
  const env = { KUBECONFIG: path.resolve(files(lab).kubeconfig), PATH: `${toolchain.bin}:${process.env.PATH ?? ""}` };
  const cwd = toolFolder("conformance");
  return {
    async tests() {
      const listed = await output(program(), ["--list-tests"], { cwd, env });
      return titles(listed).filter((title) => title.includes("[Conformance]"));
    },
    async run(tests, report, control) {
      const one = async (some: readonly string[], lane: number): Promise<void> => {
        if (some.length === 0) return;
        const reader = new GinkgoOutput(some);
        const read = (line: string): void => {
          const result = reader.line(line);
          if (result !== undefined && !control.stop.aborted) report(result);
        };
        const log = path.join(lab.dir, "peers", `kubernetes-${lane}.log`);
        await follow({ command: [program(), ...flags(some)], env, cwd, log }, read, control);
        if (!control.stop.aborted) reader.unfinished().forEach(report);
      };
      const [alone, together] = bySerial(tests);
      await Promise.all(Array.from({ length: lanes }, (_, lane) => one(everyNth(together, lane), lane)));
      if (!control.stop.aborted) await one(alone, lanes);
    },
  };
}

const everyNth = (tests: readonly string[], lane: number): readonly string[] =>
  tests.filter((_, index) => index % lanes === lane);

/** Specs that must run alone, and those that may run in parallel. */
export function bySerial(tests: readonly string[]): readonly [alone: readonly string[], together: readonly string[]] {
  const isSerial = (title: string): boolean => title.includes("[Serial]");
  return [tests.filter(isSerial), tests.filter((title) => !isSerial(title))];
}

/** Full names of specs, as `--list-tests` prints them: a place in the sources, then the name. */
export function titles(listed: string): readonly string[] {
  return listed.split("\n").flatMap((line) => /^\s+\S+\.go:\d+: (.*\S)/.exec(line)?.[1] ?? []);
}

/** Options that run only these specs, one after the other. The suite's own name stands before each when Ginkgo compares. */
export const flags = (tests: readonly string[]): readonly string[] => [
  ...["--ginkgo.v", "--ginkgo.no-color", "--ginkgo.timeout=24h", "--ginkgo.poll-progress-after=0"],
  ...["--provider=skeleton", "--dump-logs-on-failure=false"],
  `--ginkgo.focus=(^| )(${tests.map((test) => test.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|")})$`,
];
