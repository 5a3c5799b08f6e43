/** What this GitLab knows: people, groups, projects with their merge requests, issues, statuses and pipelines, webhooks. */
import { GitRepository } from "../forge/git.ts";

export interface Note {
  readonly id: number;
  readonly author: string;
  readonly body: string;
  readonly created: string;
}

export interface MergeRequest {
  readonly id: number;
  /** Its number in the target's project. */
  readonly iid: number;
  readonly author: string;
  title: string;
  description: string;
  state: "opened" | "closed";
  readonly source: Project;
  readonly sourceBranch: string;
  readonly target: Project;
  readonly targetBranch: string;
  /** Commit that was seen last. */
  sha: string;
  readonly notes: Note[];
}

export interface Issue {
  readonly iid: number;
  readonly author: string;
  readonly title: string;
  readonly description: string;
  readonly confidential: boolean;
}

export interface Status {
  readonly id: number;
  readonly sha: string;
  readonly status: string;
  readonly name: string;
  readonly description: string;
  readonly target_url: string;
  readonly created_at: string;
  readonly author: string;
}

export interface Pipeline {
  readonly id: number;
  readonly sha: string;
  status: "running" | "success" | "failed";
}

export interface Project {
  readonly id: number;
  /** With its group or person: `packit-service/src/hello`. */
  readonly path: string;
  readonly parent?: Project;
  /** The default one. */
  readonly branch: string;
  readonly git: GitRepository;
  readonly mergeRequests: MergeRequest[];
  readonly issues: Issue[];
  /** Newest last, by commit. */
  readonly statuses: Map<string, Status[]>;
  readonly pipelines: Pipeline[];
}

/** Events that a webhook may subscribe to. */
export const eventNames = ["merge_requests_events", "pipeline_events", "push_events"] as const;
export type EventName = (typeof eventNames)[number];

export interface Delivery {
  readonly id: number;
  readonly event: string;
  readonly body: string;
  readonly at: string;
  /** Of the receiver's answer; 0: there was none. */
  readonly status: number;
  readonly answer: string;
}

export interface Hook {
  readonly id: number;
  /** Path of its group. */
  readonly group: string;
  readonly url: string;
  readonly events: readonly EventName[];
  /** The secret token; empty: none is sent. */
  token: string;
  /** Newest last. */
  readonly deliveries: Delivery[];
}

/** People and groups with which it starts; the file that SEED names. */
export interface Seed {
  /** Token to username. */
  readonly tokens: Readonly<Record<string, string>>;
  /** Members by the group's path; they may do everything in it. */
  readonly organisations: Readonly<Record<string, readonly string[]>>;
}

const site = "https://gitlab.com";
export const urlOf = ({ path }: Project): string => `${site}/${path}`;
export const mergeRequestUrl = ({ target, iid }: MergeRequest): string => `${urlOf(target)}/-/merge_requests/${iid}`;
export const namespaceOf = (path: string): string => path.split("/").slice(0, -1).join("/");
export const nameOf = (path: string): string => path.split("/").at(-1) ?? "";

/** All state, in memory; repositories are on disk. */
export class World {
  readonly seed: Seed;
  readonly projects: Project[] = [];
  readonly hooks: Hook[] = [];
  /** Requests that nothing here answers: what a program asked and this GitLab does not know. */
  readonly unknown: string[] = [];
  /** Numbers go on when it starts again, as others remember those that they have seen. */
  private last = Math.floor(Date.now() / 1000) % 10_000_000;

  constructor(seed: Seed) {
    this.seed = seed;
  }

  id(): number {
    this.last += 1;
    return this.last;
  }

  /** By number or path. */
  project(wanted: string): Project | undefined {
    return this.projects.find(({ id, path }) => String(id) === wanted || path === wanted);
  }

  /** Groups have the numbers of their places in the seed. */
  group(wanted: string): { readonly id: number; readonly path: string } | undefined {
    const all = Object.keys(this.seed.organisations).map((path, index) => ({ id: index + 1, path }));
    return all.find(({ id, path }) => String(id) === wanted || path === wanted);
  }

  /** Whether somebody may change what is in a namespace: a member of its group or of one above it, or the person. */
  owns(user: string, namespace: string): boolean {
    if (namespace === user) return true;
    const groups = Object.entries(this.seed.organisations);
    return groups.some(([group, members]) => `${namespace}/`.startsWith(`${group}/`) && members.includes(user));
  }

  async create(path: string, branch: string, parent?: Project): Promise<Project> {
    const made: Project = {
      ...{ id: this.id(), path, branch, git: new GitRepository(path) },
      ...(parent === undefined ? {} : { parent }),
      ...{ mergeRequests: [], issues: [], statuses: new Map<string, Status[]>(), pipelines: [] },
    };
    if (parent === undefined) await made.git.create(branch);
    else await made.git.copy(parent.git, branch);
    this.projects.push(made);
    return made;
  }

  /** The merge request with the newest commit of its branch, which the target's project then knows, too. */
  async refreshed(merge: MergeRequest): Promise<MergeRequest> {
    const sha = await merge.source.git.resolve(`refs/heads/${merge.sourceBranch}`);
    if (sha === undefined || sha === merge.sha) return merge;
    await merge.target.git.fetch(merge.source.git, sha, `refs/merge-requests/${merge.iid}/head`);
    merge.sha = sha;
    return merge;
  }

  /** The newest status of each name at a commit. */
  statuses(project: Project, sha: string): readonly Status[] {
    return [...new Map((project.statuses.get(sha) ?? []).map((one) => [one.name, one])).values()];
  }
}
