/** What Thoth's accounts may do, as the fact sheet has it (4.4 and 6.2), and what `kubectl auth can-i` says. */
import { execFile } from "node:child_process";

/** Namespace -> resource -> verbs, sorted. */
export type Access = Readonly<Record<string, Readonly<Record<string, string>>>>;

const [infra, frontend, middletier, backend, amunApi, inspection] = [
  ...["thoth-infra-stage", "thoth-frontend-stage", "thoth-middletier-stage", "thoth-backend-stage"],
  ...["thoth-amun-api-stage", "thoth-amun-inspection-stage"],
] as [string, string, string, string, string, string];

const templates = { "templates.template.openshift.io": "get list" };
const analyses = { configmaps: "create get list", pods: "get list", "pods/log": "get", "jobs.batch": "get list" };
const watched = { configmaps: "get list watch", "jobs.batch": "get list watch" };

/** Templates are where their objects are made, as OpenShift processes none of another namespace since 4.12. */
function workloadOperator(namespace: string, more: Readonly<Record<string, string>> = {}): Access {
  const own = {
    configmaps: "delete get list watch",
    resourcequotas: "get list",
    "jobs.batch": "create",
    "processedtemplates.template.openshift.io": "create",
  };
  return { [namespace]: { ...own, ...more, ...templates } };
}
const resultApi: Access = { [backend]: { configmaps: "create" } };
const graphSyncScheduler = (namespace: string): Access => ({
  [namespace]: { "jobs.batch": "get list watch", configmaps: "create" },
});
const cleanup = (namespace: string): Access => ({
  [namespace]: {
    "jobs.batch": "delete list",
    configmaps: "delete list",
    pods: "delete list",
    "imagestreams.image.openshift.io": "delete list",
    "buildconfigs.build.openshift.io": "delete list",
  },
});

/** Accounts with rules of their own, by `namespace/name`. Every account that is not here may do nothing. */
export const ruled: Readonly<Record<string, Access>> = {
  [`${frontend}/user-api`]: { [middletier]: analyses, [backend]: analyses, [infra]: templates },
  [`${frontend}/management-api`]: {
    ...{ [middletier]: analyses, [backend]: analyses, [infra]: templates },
    [frontend]: { "cronjobs.batch": "get list", "jobs.batch": "create" },
  },
  [`${frontend}/graph-refresh-job`]: { [middletier]: { configmaps: "create" }, [infra]: templates },
  [`${frontend}/metrics-exporter`]: {
    ...{ [frontend]: watched, [middletier]: watched, [backend]: watched, [amunApi]: watched, [inspection]: watched },
    [infra]: { ...watched, ...templates },
  },
  [`${frontend}/workload-operator-${middletier}`]: workloadOperator(middletier),
  [`${frontend}/workload-operator-${backend}`]: workloadOperator(backend),
  [`${amunApi}/workload-operator-${inspection}`]: workloadOperator(inspection, {
    "buildconfigs.build.openshift.io": "create",
  }),
  [`${frontend}/graph-sync-scheduler-${middletier}`]: graphSyncScheduler(middletier),
  [`${frontend}/graph-sync-scheduler-${backend}`]: graphSyncScheduler(backend),
  [`${amunApi}/graph-sync-scheduler-${inspection}`]: graphSyncScheduler(inspection),
  [`${frontend}/cleanup-${middletier}`]: cleanup(middletier),
  [`${frontend}/cleanup-${backend}`]: cleanup(backend),
  [`${amunApi}/cleanup-${inspection}`]: cleanup(inspection),
  [`${middletier}/result-api-${middletier}`]: resultApi,
  [`${backend}/result-api-${backend}`]: resultApi,
  "thoth-zuul/nodepool": {
    "thoth-zuul": {
      pods: "create delete get list patch update watch",
      "pods/exec": "create get",
      "pods/portforward": "create get",
      "pods/log": "get",
      "imagestreams.image.openshift.io": "get list",
      "imagestreamtags.image.openshift.io": "get list",
    },
  },
};

/** Accounts with a role of the platform: what they may besides, and where they may not even that. */
export const powerful: Readonly<
  Record<string, { readonly clusterRole: "edit" | "admin"; readonly on: readonly string[]; readonly access: Access }>
> = {
  [`${frontend}/analyzer`]: { clusterRole: "edit", on: [middletier], access: {} },
  [`${amunApi}/inspector`]: {
    ...{ clusterRole: "edit", on: [amunApi, inspection] },
    access: { [infra]: { ...templates, "processedtemplates.template.openshift.io": "create" } },
  },
  [`${infra}/thoth-ops`]: { clusterRole: "admin", on: [infra], access: {} },
};

/** What `kubectl auth can-i --list` says of an account in a namespace; names of single objects and URLs are left out. */
export async function listed(account: string, namespace: string): Promise<Readonly<Record<string, string>>> {
  const text = await ask(account, namespace, ["--list", "--no-headers"]);
  const rows = text.split("\n").flatMap((line) => {
    const [, resource, , names, verbs] = /^(\S+)\s+\[(.*?)\]\s+\[(.*?)\]\s+\[(.*?)\]$/.exec(line.trim()) ?? [];
    const own = resource !== undefined && names === "" && !/^selfsubject/.test(resource);
    return own ? [[resource, (verbs ?? "").split(" ").sort().join(" ")] as const] : [];
  });
  return Object.fromEntries(rows);
}

/** One answer of `kubectl auth can-i`. */
export async function canI(account: string, verb: string, resource: string, namespace: string): Promise<boolean> {
  return (await ask(account, namespace, [verb, resource])).trim() === "yes";
}

/** What kubectl prints to an account's question; it exits with 1 when the answer is no. */
function ask(account: string, namespace: string, words: readonly string[]): Promise<string> {
  const as = `--as=system:serviceaccount:${account.replace("/", ":")}`;
  return new Promise((resolve, reject) => {
    execFile("kubectl", ["auth", "can-i", ...words, as, "--namespace", namespace], (error, stdout, stderr) => {
      if (error === null || /^no\b/.test(stdout)) resolve(stdout);
      else reject(new Error(stderr));
    });
  });
}

/** Works on all, a few at a time. */
export async function eachOf<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const worker = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: 4 }, worker));
}
