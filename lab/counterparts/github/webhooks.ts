/** Deliveries of events to the webhooks of an organisation, signed as GitHub signs them. */
import { createHmac, randomUUID } from "node:crypto";
import { commentJson, issueJson, labelJson, pullJson, repositoryJson, userJson } from "./json.ts";
import type { Comment, Delivery, Hook, Issue, Repository, Review, Status, World } from "./state.ts";
import { installationOf, now } from "./state.ts";

/** Deliveries kept for each webhook. */
const kept = 1000;
/** GitHub gives a receiver ten seconds. */
const patience = 10_000;

/** Sends a body once more, or for the first time, and notes the answer. */
async function send(hook: Hook, delivery: Delivery): Promise<void> {
  hook.deliveries.push(delivery);
  if (hook.deliveries.length > kept) hook.deliveries.shift();
  const sign = (algorithm: string): string =>
    `${algorithm}=${createHmac(algorithm, hook.secret).update(delivery.body).digest("hex")}`;
  const headers = {
    "content-type": "application/json",
    "user-agent": "GitHub-Hookshot/lab",
    "x-github-event": delivery.event,
    "x-github-delivery": delivery.guid,
    "x-hub-signature": sign("sha1"),
    "x-hub-signature-256": sign("sha256"),
  };
  const signal = AbortSignal.timeout(patience);
  delivery.status = await fetch(hook.url, { method: "POST", headers, body: delivery.body, signal }).then(
    (answer) => answer.status,
    () => 0,
  );
}

/** Sends an old delivery again, under its old identity. */
export async function redeliver(world: World, hook: Hook, old: Delivery): Promise<void> {
  const again = { ...old, id: world.id(), at: now(), redelivery: true, status: 0 };
  await send(hook, again);
}

/** What happens in a repository, told to its owner's webhooks. Deliveries run in the order of the events and block nobody. */
export class Events {
  private readonly world: World;
  private last: Promise<unknown> = Promise.resolve();

  constructor(world: World) {
    this.world = world;
  }

  pull(repository: Repository, issue: Issue, action: string, sender: string, more: object = {}): void {
    const { pull } = issue;
    if (pull === undefined) return;
    // Made at once: later events must not change what this one says.
    const made = pullJson(this.world, repository, issue, pull);
    this.tell(repository, "pull_request", sender, async () => {
      return { action, number: issue.number, pull_request: await made, ...more };
    });
  }

  label(repository: Repository, issue: Issue, action: "labeled" | "unlabeled", name: string, sender: string): void {
    const label = labelJson(repository, name);
    if (issue.pull === undefined) this.issue(repository, issue, action, sender, { label });
    else this.pull(repository, issue, action, sender, { label });
  }

  issue(repository: Repository, issue: Issue, action: string, sender: string, more: object = {}): void {
    const body = { action, issue: issueJson(repository, issue), ...more };
    this.tell(repository, "issues", sender, () => Promise.resolve(body));
  }

  comment(repository: Repository, issue: Issue, action: string, comment: Comment): void {
    const body = { action, issue: issueJson(repository, issue), comment: commentJson(repository, issue, comment) };
    this.tell(repository, "issue_comment", comment.user, () => Promise.resolve(body));
  }

  review(repository: Repository, issue: Issue, review: Review): void {
    const { pull } = issue;
    if (pull === undefined) return;
    const { id, body, state, user } = review;
    const said = { id, body, state: state.toLowerCase(), user: userJson(user), submitted_at: review.submitted };
    this.tell(repository, "pull_request_review", user, async () => {
      return { action: "submitted", review: said, pull_request: await pullJson(this.world, repository, issue, pull) };
    });
  }

  status(repository: Repository, sha: string, { state, context, description, target_url, creator }: Status): void {
    const body = { sha, state, context, description, target_url };
    this.tell(repository, "status", creator, () => Promise.resolve(body));
  }

  /** A branch that moved; `before` or `after` is missing where it was made or deleted. */
  push(
    repository: Repository,
    ref: string,
    moved: { before?: string | undefined; after?: string | undefined },
    by: string,
  ): void {
    const zero = "0".repeat(40);
    const { before = zero, after = zero } = moved;
    this.tell(repository, "push", by, async () => {
      const commits = before === zero || after === zero ? [] : await repository.git.commits(before, after);
      const files = before === zero || after === zero ? [] : await repository.git.changes(before, after);
      const named = (status: string): string[] =>
        files.filter((one) => one.status === status).map(({ filename }) => filename);
      const changed = { added: named("added"), modified: named("modified"), removed: named("removed") };
      return {
        ...{ ref, before, after, created: before === zero, deleted: after === zero, forced: false },
        ...{ compare: "", pusher: { name: by } },
        commits: commits.map(({ sha, message }) => ({ id: sha, message, ...changed })),
      };
    });
  }

  /** Webhooks of the owner, and of the Apps that the owner has installed: these learn which installation is meant. */
  private receivers(owner: string): readonly { readonly hook: Hook; readonly more: object }[] {
    const own = this.world.hooks.filter((hook) => hook.owner === owner).map((hook) => ({ hook, more: {} }));
    const apps = (this.world.seed.apps ?? []).filter(({ organisations }) => organisations.includes(owner));
    const theirs = apps.flatMap((app) => {
      const hook = this.world.appHook(app);
      return hook === undefined ? [] : [{ hook, more: { installation: { id: installationOf(app, owner) } } }];
    });
    return [...own, ...theirs];
  }

  private tell(repository: Repository, event: string, sender: string, make: () => Promise<object>): void {
    const receivers = this.receivers(repository.owner);
    if (receivers.length === 0) return;
    const where = { repository: repositoryJson(repository), organization: userJson(repository.owner) };
    this.last = this.last
      .then(async () => {
        const fields = await make();
        const action = "action" in fields ? String(fields.action) : "";
        const at = now();
        for (const { hook, more } of receivers) {
          const body = JSON.stringify({ ...fields, ...where, sender: userJson(sender), ...more });
          const identity = { id: this.world.id(), guid: randomUUID(), redelivery: false, status: 0 };
          await send(hook, { ...identity, event, action, at, body });
        }
      })
      .catch((error: unknown) => {
        console.error(`the event ${event} cannot be made: ${String(error)}`);
      });
  }
}
