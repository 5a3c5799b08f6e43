/** The one job of environments without jobs of their own. */
import { stringify } from "yaml";

/** A repository that nobody has. */
export const stubRepository = "testorg/testrepo";

/** Text of the job file: a presubmit that succeeds at once, on the nodes that real jobs run on. */
export function stubJobs(): string {
  const job = {
    name: "test-job",
    decorate: true,
    always_run: true,
    skip_report: false,
    spec: {
      nodeSelector: { type: "vm", zone: "ci" },
      containers: [{ image: "quay.io/kubevirtci/hello-world", command: ["/bin/true"] }],
    },
  };
  return stringify({ presubmits: { [stubRepository]: [job] } });
}
