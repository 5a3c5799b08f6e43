/** What a change asks for on top of what runs, against what the stack's clusters and clouds have left of their quotas. */
import { namespaceName } from "../../../config/fields.ts";
import { stackPath } from "../../../config/stackFile.ts";
import type { Change } from "../../../review/diff/compare.ts";
import type { LiveQuota, LiveQuotaRow } from "../../../review/liveQuota.ts";
import { flavorSizes, quotaUse } from "../cloud/quota.ts";
import { messageOf } from "../status/row.ts";
import { declaredIn, type DeclaredObject, type Logins, openLogins } from "../status/situation.ts";
import { clusterRows, type QuotaRow } from "./clusterRows.ts";
import { resourceNeed } from "./resourceNeed.ts";

/** One cluster or cloud that the change touches. */
interface Question {
  readonly target: string;
  /** Config key of its login. */
  readonly key: string;
  readonly ask: (logins: Logins) => Promise<readonly LiveQuotaRow[]>;
}

/**
 * Asks with the logins of this working tree's stack file: the author of a change does not choose where they are sent.
 * What does not answer is said, and no error.
 * @param end - ends all requests
 * @param folder - of the stack files. @default this project's
 */
export async function quotaOfChange(
  stack: string,
  changes: readonly Change[],
  end: AbortSignal,
  folder?: string,
): Promise<LiveQuota> {
  const questions = questionsOf(changes);
  if (questions.length === 0) return { rows: [], notCompared: [] };
  const ending = new AbortController();
  try {
    const file = stackPath(stack, folder);
    const logins = openLogins(
      { name: stack, file },
      { stack, configFile: file },
      AbortSignal.any([end, ending.signal]),
    );
    const answers = await Promise.all(questions.map((one) => answerOf(one, logins)));
    return { rows: answers.flatMap(({ rows }) => rows), notCompared: answers.flatMap((one) => one.notCompared) };
  } catch (error) {
    const text = `no login: ${messageOf(error)}`;
    return { rows: [], notCompared: questions.map(({ target }) => ({ target, text })) };
  } finally {
    ending.abort();
  }
}

async function answerOf({ target, key, ask }: Question, logins: Logins): Promise<LiveQuota> {
  const none = (text: string): LiveQuota => ({ rows: [], notCompared: [{ target, text }] });
  try {
    logins.secret(key);
  } catch (error) {
    return none(`no login: ${messageOf(error)}`);
  }
  try {
    return { rows: (await ask(logins)).filter(({ more }) => more > 1e-9), notCompared: [] };
  } catch (error) {
    return none(messageOf(error));
  }
}

function questionsOf(changes: readonly Change[]): readonly Question[] {
  const [before, after] = (["before", "after"] as const).map((side) =>
    declaredIn(changes.flatMap((one) => one[side] ?? [])),
  ) as [ReturnType<typeof declaredIn>, ReturnType<typeof declaredIn>];
  const clusters = new Set([...before.objects.keys(), ...after.objects.keys()]);
  const clouds = new Set([...before.resources, ...after.resources].map(({ cloud }) => cloud));
  return [
    ...[...clusters].sort().map((name) => ({
      ...{ target: `cluster ${name}`, key: `clusters:${name}` },
      ask: (logins: Logins) => ofCluster(name, before.objects.get(name), after.objects.get(name), logins),
    })),
    ...[...clouds].sort().map((name) => {
      const [was, is] = [before, after].map(({ resources }) => resources.filter(({ cloud }) => cloud === name));
      return {
        ...{ target: `cloud ${name}`, key: `clouds:${name}` },
        ask: (logins: Logins) => ofCloud(name, was ?? [], is ?? [], logins),
      };
    }),
  ];
}

async function ofCluster(
  name: string,
  before: readonly DeclaredObject[] = [],
  after: readonly DeclaredObject[] = [],
  logins: Logins,
): Promise<readonly LiveQuotaRow[]> {
  const reader = logins.reader(name);
  // The name becomes part of an address, and the change may be a stranger's.
  const named = (objects: readonly DeclaredObject[]): readonly DeclaredObject[] =>
    objects.filter(({ manifest }) => namespaceName.safeParse(manifest.namespace).success);
  const [was, is] = await Promise.all(
    [before, after].map((objects) => clusterRows({ name, objects: named(objects), reader })),
  );
  const needed = new Map(was?.map((one) => [`${one.target} ${one.name}`, one.need ?? 0]));
  return (is ?? []).flatMap(({ need, ...row }) =>
    need === undefined ? [] : rowOf(row, need - (needed.get(`${row.target} ${row.name}`) ?? 0)),
  );
}

type CloudResources = ReturnType<typeof declaredIn>["resources"];

async function ofCloud(
  name: string,
  before: CloudResources,
  after: CloudResources,
  logins: Logins,
): Promise<readonly LiveQuotaRow[]> {
  const cloud = await logins.cloud(name);
  const [uses, sizes] = await Promise.all([quotaUse(cloud), flavorSizes(cloud)]);
  // A flavour of before may be gone from the cloud since, and its servers go on.
  const [was, is] = [resourceNeed(before, { ...unknownFlavors(before), ...sizes }), resourceNeed(after, sizes)];
  return uses.flatMap((one) => rowOf({ ...one, target: `cloud ${name}` }, is[one.name] - was[one.name]));
}

const unknownFlavors = (resources: CloudResources): Readonly<Record<string, { cores: number; ram: number }>> =>
  Object.fromEntries(resources.map(({ inputs }) => [String(inputs.flavorName), { cores: 0, ram: 0 }]));

/** The row of an amount that is limited. */
function rowOf({ target, name, quota, used = 0 }: Omit<QuotaRow, "need">, more: number): readonly LiveQuotaRow[] {
  return quota === undefined || quota < 0 ? [] : [{ target, name, more, left: quota - used }];
}
