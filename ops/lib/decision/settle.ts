/** Settles a decision that did not come to its end: finishes it if its update succeeded, else undoes it. */
import path from "node:path";
import { NoEngineError } from "../pulumi.ts";
import { protectedUrns, resources } from "../resources.ts";
import { settleSecrets, takeDraft } from "../secrets/settleSecrets.ts";
import { setProtection, updateResult } from "./engine.ts";
import { type Journal, putBack, removeJournal, type SecretsChange } from "./journal.ts";
import type { End } from "./task.ts";
import { settlerOf } from "./tasks.ts";

/** What a person decided; without one the state decides. */
export type Wish = "undo" | "finish";

/** How the decision's update ended; "not" if it did not begin. */
type Ran = "not" | "failed" | "succeeded" | "unknown" | NeverRan;

/** The engine has just failed, and it cannot have begun the update. */
class NeverRan {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/**
 * @param failed - the engine has just ended, and not well: what the history does not have was not begun then
 * @returns what was done, in one sentence
 * @throws if the backend must be asked and cannot be; then the journal stays
 */
export async function settle(journal: Journal, failed: boolean, wish?: Wish): Promise<string> {
  if (journal.secrets !== undefined) return endSecrets(journal, journal.secrets, wish);
  const ran = await updateEnded(journal, failed, wish);
  const { end, why } = await endOf(journal, ran, wish);
  const parts = [why, end === "undone" ? putBack(journal) : `${path.basename(journal.file)} keeps the new settings`];
  if (ran !== "succeeded") parts.push(await protectAgain(journal, wish));
  parts.push(await endTask(journal, end, wish));
  removeJournal(journal);
  if (end === "kept" || (end === "undone" && ran !== "not" && !(ran instanceof NeverRan))) {
    const still = end === "undone" ? "makes the clouds agree with the file" : "carries out the rest";
    parts.push(`npx pulumi up --stack ${journal.stack} ${still}`);
  }
  return parts.filter((part) => part !== "").join("; ");
}

/** With a person's wish the state is not asked: it may be gone, or somebody else's. */
async function endSecrets(journal: Journal, secrets: SecretsChange, wish: Wish | undefined): Promise<string> {
  const stack = { name: journal.stack, file: journal.file };
  const ways = {
    undo: () => `${path.basename(journal.file)} stays as it is; the state was not asked`,
    finish: () => takeDraft(stack, secrets),
  };
  const said = wish === undefined ? (await settleSecrets(stack, secrets)).said : ways[wish]();
  removeJournal(journal);
  return said;
}

async function updateEnded(journal: Journal, failed: boolean, wish: Wish | undefined): Promise<Ran> {
  if (!journal.engine) return "not";
  try {
    const result = await updateResult(journal);
    if (result !== undefined) return result === "succeeded" ? "succeeded" : "failed";
    return failed ? "not" : "unknown";
  } catch (error) {
    if (failed && error instanceof NoEngineError) return new NeverRan(error.reason);
    if (wish !== undefined || (failed && journal.pivot === undefined && journal.task === undefined)) return "unknown";
    throw error;
  }
}

async function endOf(journal: Journal, ran: Ran, wish: Wish | undefined): Promise<{ end: End; why: string }> {
  if (wish === "finish" || (wish === undefined && ran === "succeeded")) {
    return { end: "finished", why: ran === "succeeded" ? "its update had succeeded" : "" };
  }
  if (ran instanceof NeverRan) return { end: "undone", why: `nothing was deployed: ${ran.reason}` };
  const why = { not: "nothing was deployed", unknown: "its update may have begun", failed: "its update failed" };
  // A history without the update does not prove that nothing was done: it is written last, and may have failed alone.
  if (wish === undefined && journal.engine && ran !== "succeeded") {
    const reached = await pastReturn(journal);
    if (reached !== undefined) return { end: "kept", why: `its update did not finish, but ${reached}` };
  }
  return { end: "undone", why: ran === "succeeded" ? "its update had succeeded" : why[ran] };
}

/** What the update has done that going back would only do again; undefined if there is nothing. */
async function pastReturn({ stack, pivot, task }: Journal): Promise<string | undefined> {
  if (pivot !== undefined) {
    const now = matching(await resources(stack), pivot.urns);
    const fresh = Object.entries(now).find(([urn, id]) => pivot.ids[urn] !== id);
    if (fresh !== undefined) return `${fresh[0].split("::").at(-1) ?? ""} is new already`;
  }
  return task === undefined ? undefined : (await settlerOf(task)).reached?.(task.values);
}

/** Ids of the resources whose URN matches. */
export function matching(
  all: Awaited<ReturnType<typeof resources>>,
  pattern: string,
): Readonly<Record<string, string>> {
  const fits = new RegExp(pattern);
  return Object.fromEntries(
    all.filter((one) => one.delete !== true && fits.test(one.urn)).map(({ urn, id = "" }) => [urn, id]),
  );
}

/** With a person's wish the decision ends in any case, and what must be done by hand is named. */
async function protectAgain(journal: Journal, wish: Wish | undefined): Promise<string> {
  const { stack, lifted } = journal;
  if (lifted.length === 0) return "";
  try {
    return await protectThere(stack, journal);
  } catch (error) {
    if (wish === undefined) throw error;
    const said = error instanceof Error ? error.message : String(error);
    const what = lifted.length === 1 ? "1 resource" : `${lifted.length} resources`;
    const urns = lifted.map((urn) => `'${urn}'`).join(" ");
    return `${what} may be unprotected (${said}): npx pulumi state protect ${urns} --stack ${stack}`;
  }
}

/** What is gone needs no protection. */
async function protectThere(stack: string, journal: Journal): Promise<string> {
  const { lifted } = journal;
  const there = (await resources(stack)).filter((one) => one.delete !== true && lifted.includes(one.urn));
  const already = new Set(protectedUrns(there));
  const bare = there.map(({ urn }) => urn).filter((urn) => !already.has(urn));
  await setProtection(journal, "protect", bare);
  return `${there.length} resources are protected again`;
}

/** With a person's wish the decision ends in any case. */
async function endTask({ task }: Journal, end: End, wish: Wish | undefined): Promise<string> {
  if (task === undefined) return "";
  try {
    return await (await settlerOf(task)).end(task.values, end);
  } catch (error) {
    if (wish === undefined) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}
