/** Jobs of the cluster: those of CronJobs now instead of at their time, and how one ends. */
import type { KubeApi, KubeObject } from "../kubernetes/api.ts";
import { until } from "./until.ts";

/** Whether a Job has succeeded; undefined while it has not ended or is not there. */
export async function endOfJob(api: KubeApi, namespace: string, name: string): Promise<boolean | undefined> {
  interface Job {
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }
  const found = await api.find<Job>(`/apis/batch/v1/namespaces/${namespace}/jobs/${name}`);
  const is = (type: string): boolean =>
    found?.status?.conditions?.some((one) => one.type === type && one.status === "True") === true;
  if (is("Complete")) return true;
  return is("Failed") ? false : undefined;
}

/** A CronJob as far as it is read here. */
interface CronJob extends KubeObject {
  readonly spec: {
    readonly jobTemplate: {
      readonly spec: {
        readonly template: {
          readonly spec: { readonly containers: readonly { readonly env?: readonly object[] }[] };
        };
      };
    };
  };
}

/** Runs a CronJob's job now, as `kubectl create job --from` does. @param how - more variables; how long it may take @throws if it fails */
export async function runCronJob(
  api: KubeApi,
  where: { readonly namespace: string; readonly cronJob: string },
  { env = {}, seconds = 180 }: { readonly env?: Readonly<Record<string, string>>; readonly seconds?: number } = {},
): Promise<void> {
  const { namespace, cronJob } = where;
  const { spec } = (await api.get<CronJob>(`/apis/batch/v1/namespaces/${namespace}/cronjobs/${cronJob}`)).spec
    .jobTemplate;
  const more = Object.entries(env).map(([name, value]) => ({ name, value }));
  const pod = spec.template.spec;
  const containers = pod.containers.map((one) => ({ ...one, env: [...(one.env ?? []), ...more] }));
  const name = `${cronJob}-by-hand-${Date.now()}`;
  const template = { ...spec.template, spec: { ...pod, containers } };
  const at = `/apis/batch/v1/namespaces/${namespace}/jobs`;
  await api.post(at, {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace },
    spec: { ...spec, template },
  });
  const succeeded = await until(`the end of job ${name}`, seconds, () => endOfJob(api, namespace, name));
  if (!succeeded) throw new Error(`job ${name} failed; kubectl -n ${namespace} logs job/${name}`);
}
