/** What happens around a request for a release, seen from outside: GitHub, and the CronJob of Kebechet. */
import { kubeApi } from "../../kubernetes/api.ts";
import type { Run } from "../../pulumi.ts";
import { endOfJob } from "../cronJobs.ts";
import { kubectl } from "../kubectl.ts";
import { until } from "../until.ts";
import type { ThothAtWork } from "./deploy.ts";
import { organisation } from "./counterparts.ts";

/** The repository that the stack's Sesheta looks after, too. */
export const repository = `${organisation}/srcops-testing`;
/** Kebechet 1.0.9 knows no other branch. */
const branch = "master";

/** The list that `kebechet.configuration` names by default; the rest of the file is the organisation's own business. */
const configuration = `repositories:
  - slug: ${repository}
    token: "{KEBECHET_TOKEN}"
    managers:
      - name: version
        configuration:
          maintainers: [alice]
          assignees: [sesheta]
          labels: [bot]
          changelog_smart: false
`;

/** Files that Kebechet reads, by repository and path. */
const files: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [`${organisation}/kebechet`]: { "config/thoth.yaml": configuration },
  [repository]: { "version.py": '__version__ = "0.1.0"\n', "README.md": "A first version.\n" },
};

export interface Issue {
  readonly number: number;
  readonly state: string;
  readonly html_url: string;
  readonly title: string;
  readonly user: { readonly login: string };
  readonly assignees: readonly { readonly login: string }[];
}

export interface Pull extends Issue {
  readonly body: string;
  readonly head: { readonly ref: string; readonly sha: string };
  readonly base: { readonly ref: string };
  readonly labels: readonly { readonly name: string }[];
}

/** A run of the CronJob. */
interface Finished {
  readonly job: string;
  readonly succeeded: boolean;
  readonly log: string;
}

/** Makes the repositories with their files, unless they exist. */
export async function makeRepositories({ alice }: ThothAtWork): Promise<void> {
  const all = await alice.get<readonly { full_name: string }[]>(`/orgs/${organisation}/repos`);
  for (const [name, contents] of Object.entries(files)) {
    if (all.some(({ full_name }) => full_name === name)) continue;
    await alice.call("POST", `/orgs/${organisation}/repos`, { name: name.split("/")[1] });
    for (const [file, text] of Object.entries(contents)) await write({ alice }, name, file, text);
    await alice.call("PATCH", `/repos/${name}`, { default_branch: branch });
  }
}

/** Commits a file. */
export async function write(
  { alice }: Pick<ThothAtWork, "alice">,
  name: string,
  file: string,
  text: string,
): Promise<void> {
  const content = Buffer.from(text).toString("base64");
  await alice.call("PUT", `/repos/${name}/contents/${file}`, { branch, content, message: `Write ${file}` });
}

/** Runs the CronJob now, as `kubectl create job --from` does it. @returns its end and its container's log */
export async function runKebechet(run: Run, { namespace }: ThothAtWork): Promise<Finished> {
  const api = kubeApi(run.lab);
  const job = `kebechet-${Date.now()}`;
  await kubectl(run, namespace, ["create", "job", job, "--from=cronjob/kebechet"]);
  const succeeded = await until(`the end of Job ${job}`, 300, () => endOfJob(api, namespace, job));
  const log = await kubectl(run, namespace, ["logs", `job/${job}`, "-c", "kebechet"]);
  return { job, succeeded, log };
}

/** The open pull request of a branch; undefined if there is none. */
export async function pullOf({ alice }: ThothAtWork, head: string): Promise<Pull | undefined> {
  const all = await alice.get<readonly Pull[]>(`/repos/${repository}/pulls`);
  return all.find((one) => one.head.ref === head);
}

/** Text of a file at a branch. */
export async function fileAt({ alice }: ThothAtWork, ref: string, file: string): Promise<string> {
  const { content } = await alice.get<{ content: string }>(`/repos/${repository}/contents/${file}?ref=${ref}`);
  return Buffer.from(content, "base64").toString();
}
