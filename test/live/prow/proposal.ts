/** The repository of the stacks' job at GitHub's counterpart, and what its pull requests leave in a cluster. */
import { setTimeout as sleep } from "node:timers/promises";
import { stubRepository } from "../../../components/prow/files/stub.ts";
import { startCounterparts } from "../../../lab/counterparts/counterparts.ts";
import { makeRepository, propose, type PullRequest } from "../../../lab/demo/github.ts";
import { ask, Person } from "../../../lab/demo/outside.ts";
import { eventually, lab } from "../../../lab/harness/cloud.ts";
import { api } from "../../../lab/harness/kube.ts";

export const [owner = ""] = stubRepository.split("/");

/** A member of the organisation, once the repository exists. */
export async function memberAtGithub(): Promise<Person> {
  const organisations = { [owner]: ["alice", "bob", "kubevirt-bot"] };
  const tokens = await startCounterparts(api, { organisations, programs: {} });
  const alice = new Person(lab, tokens.get("alice") ?? "");
  // The pod may still have the tokens of before.
  await eventually(
    "GitHub knows alice",
    () => alice.get("/user").catch(() => undefined),
    (found) => found !== undefined,
    180,
  );
  await makeRepository(alice, stubRepository);
  return alice;
}

/** Opens a pull request as soon as these addresses of hook answer. */
export async function pullRequest(alice: Person, ...hooks: readonly string[]): Promise<PullRequest> {
  for (const url of hooks) {
    await eventually(
      `${url} answers`,
      () => ask(lab, url),
      ({ status }) => status === 405, // to what is no POST
    );
  }
  const proposed = { path: "README.md", text: "hello\n", title: "Say hello", in: stubRepository };
  return propose({ person: alice, login: "alice" }, proposed);
}

/** What GitHub has delivered to a webhook of the organisation; undefined before. */
export async function payloadOf(alice: Person, hook: number, event: string): Promise<string | undefined> {
  const at = `/orgs/${owner}/hooks/${hook}/deliveries`;
  const found = (await alice.get<readonly { id: number; event: string }[]>(at)).find((one) => one.event === event);
  if (found === undefined) return undefined;
  const { request } = await alice.get<{ request: { payload: object } }>(`${at}/${found.id}`);
  return JSON.stringify(request.payload);
}

/** Runs `work`, at the end of which Prow is gone. Crier keeps a job's pod until it has reported its end, and with Prow crier has ended. */
export async function releasingPods<T>(namespace: string, work: () => Promise<T>): Promise<T> {
  const at = `/api/v1/namespaces/${namespace}/pods`;
  const ended = new AbortController();
  const release = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      for (const { metadata } of await api.list(at).catch(() => [])) {
        if (metadata.deletionTimestamp === undefined) continue;
        await api.patch(`${at}/${metadata.name}`, { metadata: { finalizers: null } }).catch(() => undefined);
      }
      await sleep(1000, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  };
  const released = release();
  try {
    return await work();
  } finally {
    ended.abort();
    await released;
  }
}
