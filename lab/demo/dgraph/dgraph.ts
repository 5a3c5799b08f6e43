/** Thoth's Dgraph at work: what clients see of it while its certificates are replaced, hop by hop, with the evidence of each. */
import { kubeApi, type KubeObject } from "../../kubernetes/api.ts";
import type { Run } from "../../pulumi.ts";
import { routeOf } from "../thoth/webhooks.ts";
import { until } from "../until.ts";
import { namespace } from "./deploy.ts";
import { asked, rotate, shownAt, write } from "./steps.ts";

/** Prints a hop and its evidence. */
type Tell = (hop: string, evidence: string) => void;

/** Public host of the data servers. */
export const hostOf = async (run: Run): Promise<string> =>
  new URL(await routeOf(run, namespace, "alpha-rest")).hostname;

/** The authority's certificate that clients trust. */
export async function authorityOf({ lab }: Run): Promise<string> {
  const secret = await kubeApi(lab).get<KubeObject & { readonly data: Readonly<Record<string, string>> }>(
    `/api/v1/namespaces/${namespace}/secrets/dgraph-tls`,
  );
  return Buffer.from(secret.data["ca.crt"] ?? "", "base64").toString();
}

/** Names of the pods of a kind of server. */
export async function podsOf({ lab }: Run, component: "zero" | "alpha"): Promise<readonly string[]> {
  const all = await kubeApi(lab).list(`/api/v1/namespaces/${namespace}/pods?labelSelector=component%3D${component}`);
  return all.map(({ metadata }) => metadata.name).toSorted();
}

/** Plays a rotation of the certificates while a client asks. @throws naming the hop that did not happen */
export async function playDgraph(run: Run, _: unknown, tell: Tell): Promise<readonly []> {
  tell("Dgraph and pydgraph, its client, are the real programs", "Dgraph 1.2.8 in place of 1.0.15, pydgraph 2.0.3");
  const servers = [...(await podsOf(run, "zero")), ...(await podsOf(run, "alpha"))];
  tell("three managers and three data servers, each with a volume", servers.join(", "));
  const name = `at ${new Date().toISOString()}`;
  tell("pydgraph writes a name, with the Secret that the stack puts into its namespace", await write(run, name));
  const before = await until("the name in a client's answer", 60, async () => {
    const seen = await asked(run);
    return seen.names.includes(name) ? seen : undefined;
  });
  tell(
    "another client, which asks all the time, reads it",
    `${before.asked} questions, ${before.failed.length} failed`,
  );
  const [host, authority] = [await hostOf(run), await authorityOf(run)];
  const old = await shownAt(run.lab, host, authority);
  tell(`the Route passes TLS on; the server's certificate is the authority's, for ${host}`, old.serial);
  await rotate(run);
  const now = await shownAt(run.lab, host, authority);
  if (now.serial === old.serial || !now.trusted) throw new Error(`${host} shows ${now.serial} after the rotation`);
  tell("orrery thoth rotate-dgraph-certificates --keys: the data servers roll, under the same authority", now.serial);
  const after = await asked(run);
  if (!after.names.includes(name)) throw new Error(`the name is gone: ${after.names.join(", ")}`);
  tell(
    "meanwhile the client went on with its old certificate",
    `${after.asked - before.asked} more questions, ${after.failed.length - before.failed.length} failed`,
  );
  return [];
}
