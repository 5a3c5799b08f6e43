/** Asks a cluster about everything that a program declares in it. */
import type { Manifest } from "../../../policy/manifest.ts";
import { type Finding, type Live, presence, states } from "./checks.ts";
import type { Kubectl } from "./kubectl.ts";
import { expectations, type Right, review, rightsOf } from "./permissions.ts";

/** Compares a cluster with what is declared: everything is there, works, and the accounts have their rights. */
export async function examine(
  kubectl: Kubectl,
  declared: readonly Manifest[],
  withRights: boolean,
): Promise<readonly Finding[]> {
  const wanted = declared.map(({ apiVersion, kind, namespace, name }) => {
    return { apiVersion, kind, metadata: { name, ...(namespace === "" ? {} : { namespace }) } };
  });
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: wanted });
  const answer = await kubectl.output(["get", "-f", "-", "--ignore-not-found", "--output", "json"], list);
  const found = (answer === "" ? { items: [] } : JSON.parse(answer)) as { items?: readonly Live[] };
  const live = found.items ?? [found as unknown as Live];
  const rights = withRights ? await askRights(kubectl, expectations(rightsOf(declared), declared)) : [];
  return [...presence(declared, live), ...states(declared, live), ...rights];
}

async function askRights(kubectl: Kubectl, rights: readonly Right[]): Promise<readonly Finding[]> {
  if (rights.length === 0) return [];
  const list = { apiVersion: "v1", kind: "List", items: rights.map(review) };
  const answer = await kubectl.output(["create", "-f", "-", "--output", "json"], JSON.stringify(list));
  // kubectl prints one document an object.
  const documents = JSON.parse(`[${answer.trim().replaceAll(/^\}\n\{/gm, "},\n{")}]`) as {
    status?: { allowed?: boolean };
  }[];
  return rights.map(({ account, namespace, verb, resource, allowed }, index): Finding => {
    const object = `${account} ${verb} ${resource} in ${namespace}`;
    const is = documents[index]?.status?.allowed === true;
    return is === allowed
      ? { check: "right", object, ok: true }
      : { check: "right", object, ok: false, detail: is ? "is allowed and should not be" : "is not allowed" };
  });
}
