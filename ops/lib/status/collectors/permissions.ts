/** Whether the stack's accounts may do what their roles say, and may not read Secrets. */
import { expectations, type Right, review, rightsOf } from "../../kube/permissions.ts";
import { asObject } from "../../../../policy/manifest.ts";
import { type Collector, perCluster } from "../collector.ts";
import type { Found } from "../row.ts";
import type { DeclaredCluster } from "../situation.ts";

const path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

/** Rows of one system's accounts in a cluster. */
export function permissionRows(
  system: string,
  answers: readonly { readonly right: Right; readonly allowed: boolean }[],
): readonly Found[] {
  const wrong = answers.filter(({ right, allowed }) => right.allowed !== allowed);
  const rows = wrong.map(({ right: { account, verb, resource, namespace }, allowed }): Found => {
    const text = `${allowed ? "may" : "may not"} ${verb} ${resource} in ${namespace}`;
    return { system, part: `account ${account}`, state: "bad", text: `${text}, against its roles` };
  });
  const text = `${answers.length - wrong.length} of ${answers.length} permissions are as the roles say`;
  return [{ system, part: "permissions", state: "ok", text }, ...rows];
}

async function rowsOf({ objects, reader }: DeclaredCluster): Promise<readonly Found[]> {
  const api = await reader.api();
  const systems = [...Map.groupBy(objects, ({ system }) => system)];
  const rows = systems.map(async ([system, own]) => {
    const manifests = own.map(({ manifest }) => manifest);
    const rights = expectations(rightsOf(manifests), manifests);
    const answers = rights.map(async (right) => {
      const { status, body } = await api.send("POST", path, review(right));
      if (status === 403) throw new Error("the login may not create SubjectAccessReviews");
      if (status >= 300) throw new Error(`answers ${status} to ${path}`);
      return { right, allowed: asObject(asObject(body).status).allowed === true };
    });
    return rights.length === 0 ? [] : permissionRows(system, await Promise.all(answers));
  });
  return (await Promise.all(rows)).flat();
}

export const permissions: Collector = {
  name: "permissions",
  asks: "whether accounts may do what their roles say, and read no Secrets",
  questions: (situation) =>
    perCluster(situation, rowsOf, ({ objects }) => objects.some(({ manifest }) => manifest.kind === "ServiceAccount")),
};
