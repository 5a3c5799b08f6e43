/** The day-2 commands of Prow: the runbook's life cycle, and what one needs between. */
import type { Entry } from "../command.ts";

const lifeCycle = (name: "prepare" | "converge" | "cleanup" | "destroy" | "test") => async () => ({
  command: (await import("./lifeCycle.ts"))[name],
});

export const commands: Readonly<Record<string, Entry>> = {
  prepare: { summary: "make the test cluster, once", load: lifeCycle("prepare") },
  converge: { summary: "deploy, wait until it is settled, collect artifacts", load: lifeCycle("converge") },
  verify: { summary: "ask whether everything is there and answers", load: () => import("./verify.ts") },
  cleanup: { summary: "remove the deployment and keep the cluster", load: lifeCycle("cleanup") },
  destroy: { summary: "remove the test cluster", load: lifeCycle("destroy") },
  test: { summary: "prepare, converge, verify, cleanup, destroy", load: lifeCycle("test") },
  token: {
    summary: "is GitHub's token there, and may it do no more than it should?",
    load: () => import("./token.ts"),
  },
  render: { summary: "write all manifests into one file", load: () => import("./render.ts") },
  bootstrap: { summary: "load a whole tree of jobs into job-config", load: () => import("./bootstrap.ts") },
  settle: { summary: "wait until every pod is ready", load: () => import("./settle.ts") },
  artifacts: { summary: "collect what tells why something does not work", load: () => import("./artifacts.ts") },
  memory: { summary: "give a service other memory, at once or for good", load: () => import("./memory.ts") },
  logs: { summary: "what a service says", load: () => import("./logs.ts") },
  debug: { summary: "a shell with Go and Prow's sources beside a service", load: () => import("./debug.ts") },
  crd: { summary: "check or renew the definition of ProwJobs", load: () => import("./crd.ts") },
};
