/** What this GitHub knows: people, organisations, repositories with their issues and pull requests, webhooks. */
import { GitRepository } from "../forge/git.ts";

export interface Comment {
  readonly id: number;
  readonly user: string;
  body: string;
  readonly created: string;
}

export interface Review {
  readonly id: number;
  readonly user: string;
  readonly state: string;
  readonly body: string;
  readonly commit: string;
  readonly submitted: string;
}

/** The part of an issue that makes it a pull request. */
export interface Pull {
  readonly head: { readonly repository: string; readonly ref: string; sha: string };
  readonly base: string;
  readonly draft: boolean;
  merged: { readonly sha: string; readonly by: string; readonly at: string } | undefined;
  readonly reviews: Review[];
  requested: string[];
}

export interface Issue {
  readonly number: number;
  title: string;
  body: string;
  state: "open" | "closed";
  readonly user: string;
  labels: string[];
  assignees: string[];
  readonly comments: Comment[];
  readonly created: string;
  updated: string;
  readonly pull?: Pull;
}

export interface Status {
  readonly id: number;
  readonly state: string;
  readonly context: string;
  readonly description: string;
  readonly target_url: string;
  readonly created_at: string;
  readonly creator: string;
}

export interface Label {
  readonly name: string;
  readonly color: string;
  readonly description: string;
}

export interface Repository {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  /** The default one. */
  branch: string;
  readonly parent?: string;
  readonly archived: boolean;
  readonly git: GitRepository;
  readonly labels: Map<string, Label>;
  readonly issues: Map<number, Issue>;
  /** Newest last, by commit. */
  readonly statuses: Map<string, Status[]>;
  /** As they were put, by branch. */
  readonly protections: Map<string, Readonly<Record<string, unknown>>>;
}

export interface Delivery {
  readonly id: number;
  readonly guid: string;
  readonly event: string;
  readonly action: string;
  readonly at: string;
  readonly redelivery: boolean;
  /** The receiver's answer; 0 if there was none. */
  status: number;
  readonly body: string;
}

export interface Hook {
  readonly id: number;
  readonly owner: string;
  readonly url: string;
  readonly secret: string;
  readonly deliveries: Delivery[];
}

/** People and organisations with which it starts; the file that SEED names. */
export interface Seed {
  /** Token to login. */
  readonly tokens: Readonly<Record<string, string>>;
  /** Members by organisation. */
  readonly organisations: Readonly<Record<string, readonly string[]>>;
  /** GitHub Apps, with the organisations that have installed them. @default none */
  readonly apps?: readonly App[];
}

/** A GitHub App. */
export interface App {
  readonly id: number;
  readonly slug: string;
  /** PEM of the key that its tokens are checked with. */
  readonly publicKey: string;
  readonly organisations: readonly string[];
  /** Where it takes events, and with what they are signed. @default it takes none */
  readonly webhook?: { readonly url: string; readonly secret: string };
}

/** An installation's number: the App's, then the place of the organisation among those that have it. */
export const installationOf = ({ id, organisations }: App, owner: string): number =>
  id * 100 + organisations.indexOf(owner);

export const fullName = ({ owner, name }: Repository): string => `${owner}/${name}`;

/** The time as GitHub writes it: without fractions of a second, which its clients refuse. */
export const now = (): string => new Date().toISOString().replace(/\.\d+Z$/, "Z");

/** All state, in memory; repositories are on disk. */
export class World {
  seed: Seed;
  readonly repositories = new Map<string, Repository>();
  readonly hooks: Hook[] = [];
  /** Webhooks of Apps, by the App's number. */
  readonly #appHooks = new Map<number, Hook>();
  /** Requests that nothing here answers: what a program asked and this GitHub does not know. */
  readonly unknown: string[] = [];
  private last = 1000;

  constructor(seed: Seed) {
    this.seed = seed;
  }

  id(): number {
    this.last += 1;
    return this.last;
  }

  /** Login of a token; undefined for one that nobody has. */
  login(token: string): string | undefined {
    return this.seed.tokens[token];
  }

  isUser(login: string): boolean {
    return Object.values(this.seed.tokens).includes(login);
  }

  /** An App's webhook with what was delivered to it; undefined if it takes none. */
  appHook({ id, slug, webhook }: App): Hook | undefined {
    if (webhook === undefined) return undefined;
    const kept = this.#appHooks.get(id);
    if (kept?.url === webhook.url && kept.secret === webhook.secret) return kept;
    const made: Hook = { id: this.id(), owner: slug, ...webhook, deliveries: kept?.deliveries ?? [] };
    this.#appHooks.set(id, made);
    return made;
  }

  /** Of organisations and of Apps. */
  get allHooks(): readonly Hook[] {
    return [...this.hooks, ...this.#appHooks.values()];
  }

  members(organisation: string): readonly string[] | undefined {
    return this.seed.organisations[organisation];
  }

  repository(owner: string, name: string): Repository | undefined {
    return this.repositories.get(`${owner}/${name}`.toLowerCase());
  }

  async create(owner: string, name: string, parent?: Repository): Promise<Repository> {
    const branch = parent?.branch ?? "main";
    const made: Repository = {
      ...{ id: this.id(), owner, name, branch, archived: false, git: new GitRepository(`${owner}/${name}`) },
      ...(parent === undefined ? {} : { parent: fullName(parent) }),
      ...{ labels: new Map(), issues: new Map(), statuses: new Map(), protections: new Map() },
    };
    if (parent === undefined) await made.git.create(branch);
    else await made.git.copy(parent.git, branch);
    this.repositories.set(fullName(made).toLowerCase(), made);
    return made;
  }

  open(repository: Repository, fields: Pick<Issue, "title" | "body" | "user"> & { readonly pull?: Pull }): Issue {
    const time = now();
    const issue: Issue = {
      ...{ number: repository.issues.size + 1, ...fields, state: "open", labels: [], assignees: [], comments: [] },
      ...{ created: time, updated: time },
    };
    repository.issues.set(issue.number, issue);
    return issue;
  }

  /** The newest status of each context of a commit. */
  statuses(repository: Repository, sha: string): readonly Status[] {
    const newest = new Map((repository.statuses.get(sha) ?? []).map((status) => [status.context, status]));
    return [...newest.values()];
  }
}
