/** `adopt --to`: a service moves from an old cluster to one of the stack's. */
import path from "node:path";
import { projectDir } from "../../../config/stackFile.ts";
import { UsageError } from "../../../cli/usage.ts";
import { confirm } from "../prompt.ts";
import { interruptible } from "../../../cli/interrupt.ts";
import { sameServer, serverOf } from "../kube/cluster.ts";
import { Kubectl } from "../kube/kubectl.ts";
import { withCluster } from "../program.ts";
import { stackOf } from "../stack.ts";
import { hostLines, hostMoves } from "./hosts.ts";
import { CutOverJournal, type ServerId } from "./journal.ts";
import { actingInNew, moveOver } from "./move.ts";
import { type CutOverValues, open, type Opened } from "./open.ts";
import { type Plan, planCutOver, planLines } from "./plan.ts";
import { undoCutOver } from "./undo.ts";
import { survey } from "./workloads.ts";

/** Moves, or with --undo goes back. @returns the exit code */
export async function cutOver(values: CutOverValues): Promise<number> {
  const { name } = stackOf(values);
  const file = path.resolve(values.out ?? path.join(projectDir, `cutover.${name}.json`));
  if (values.dryRun) return cutOverWith(values, file);
  const release = CutOverJournal.lock(file);
  try {
    return await cutOverWith(values, file);
  } finally {
    release();
  }
}

async function cutOverWith(values: CutOverValues, file: string): Promise<number> {
  const { name } = stackOf(values);
  const journal = CutOverJournal.open(file);
  if (journal === undefined && values.undo) {
    console.log(
      `${path.basename(file)} is not there: no cut-over of stack ${name} has begun, and there is nothing to undo`,
    );
    return 0;
  }
  const kubeconfig = values.kubeconfig ?? journal?.now.old.kubeconfig;
  if (kubeconfig === undefined) throw new UsageError("--kubeconfig FILE is missing: the old cluster's");
  if (journal !== undefined) {
    const { stack, cluster } = journal.now;
    if (stack !== name || cluster !== values.to)
      throw new UsageError(
        `${path.basename(file)} is of a cut-over of stack ${stack} to ${cluster}; name another file by --out`,
      );
    if (journal.now.undoing && !values.undo)
      throw new UsageError("this cut-over is being undone; finish that with --undo");
  }
  const old = new Kubectl(undefined, { kubeconfig });
  return interruptible(async (signal) => {
    try {
      return await withCluster({ name, file: stackOf(values).file }, values.to, {}, async (fresh) => {
        const servers = await serversDiffer(old, fresh, journal);
        const opened = await open(values, { old, fresh, kubeconfig, signal });
        if (values.undo && journal !== undefined) return undoCutOver(opened, journal, values);
        return move(opened, journal, values, { ...servers, kubeconfig: path.resolve(kubeconfig), file });
      });
    } catch (error) {
      // What stands still now, and how to go on: the process ends before anybody else could say it.
      if (signal.aborted) console.error(`orrery: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  });
}

/** Both clusters. @throws if they are one, or not those from before */
async function serversDiffer(
  old: Kubectl,
  fresh: Kubectl,
  journal: CutOverJournal | undefined,
): Promise<Pick<Where, "server" | "fresh">> {
  const [server, other] = [await serverOf(old), await serverOf(fresh)];
  const ids = await Promise.all([old, fresh].map(clusterId));
  if (sameServer(server, other) || (ids[0] !== undefined && ids[0] === ids[1]))
    throw new UsageError(`--kubeconfig is for ${server}, which is the new cluster; name the old one's`);
  const known = journal?.now.old.server;
  if (known !== undefined && !sameServer(known, server))
    throw new UsageError(`the cut-over began with ${known}, and --kubeconfig is for ${server}; name that of the first`);
  const begun = journal?.now.fresh;
  const isAnother = begun?.id !== undefined && ids[1] !== undefined && begun.id !== ids[1];
  if (begun !== undefined && (isAnother || !sameServer(begun.server, other)))
    throw new UsageError(
      `the cut-over began with ${begun.server} as the new cluster, and the stack names another one now (${other}): put that one back, or begin anew with another --out`,
    );
  return { server, fresh: { server: other, id: ids[1] } };
}

/** What no two clusters have alike; undefined for who may not read it. */
async function clusterId(kubectl: Kubectl): Promise<string | undefined> {
  try {
    return (await kubectl.get<{ metadata: { uid?: string } }>("namespace", "kube-system")).metadata.uid;
  } catch {
    return undefined;
  }
}

interface Where {
  readonly server: string;
  readonly fresh: ServerId;
  readonly kubeconfig: string;
  readonly file: string;
}

async function move(
  { parties, namespaces, appsDomain }: Opened,
  begun: CutOverJournal | undefined,
  values: CutOverValues,
  { server, fresh, kubeconfig, file }: Where,
): Promise<number> {
  const { name } = stackOf(values);
  const keep = [...new Set([...(begun?.now.keep ?? []), ...values.keep])];
  const accept = [...new Set([...(begun?.now.accept ?? []), ...values.accept])];
  const objects = await survey(parties.old, namespaces);
  // Once the old cluster is being stopped its databases need not answer any more.
  const isStopping = begun?.now.begun.includes("stop") === true;
  const moves = parties.moves.map((one) => (isStopping ? { ...one, problem: () => Promise.resolve(undefined) } : one));
  const plan = await planCutOver({ declared: parties.declared, keep }, objects, moves, accept);
  const acting = begun === undefined ? await actingInNew(parties, keep) : [];
  const problems = [...plan.problems, ...acting.map((one) => `${one} in the new cluster already: ${pauseIt(values)}`)];
  const isOpen = problems.length + plan.undecided.length > 0;
  if (!values.json) console.log(planLines(plan, (hosts) => hostLines(hosts, appsDomain)).join("\n"));
  if (values.dryRun && !values.json) console.log(["secrets:", ...(await parties.importSecrets(true))].join("\n  "));
  for (const one of problems) console.error(`PROBLEM  ${one}`);
  for (const one of plan.undecided) console.error(`TO DECIDE  ${one}`);
  const print = (): void => {
    if (values.json)
      console.log(planJson(plan, { problems, done: begun?.now.done ?? [], file, server, cluster: values.to }));
  };
  if (isOpen || values.dryRun) {
    print();
    if (isOpen) console.error("nothing was changed; run this again after that");
    return isOpen ? 1 : 0;
  }
  const question = `move ${name} from ${server} to ${values.to}? It stands still from step 3 to step 5.`;
  if (!(await confirm(question, values.yes, parties.signal))) {
    console.error("nothing was changed");
    return 1;
  }
  const journal =
    begun ??
    CutOverJournal.create(file, { stack: name, cluster: values.to, old: { server, kubeconfig }, fresh, keep, accept });
  journal.note({ keep, accept, old: { server, kubeconfig } });
  await moveOver(parties, journal);
  const hosts = hostMoves(objects, await survey(parties.fresh, namespaces));
  if (values.json)
    console.log(planJson({ ...plan, hosts }, { problems, done: journal.now.done, file, server, cluster: values.to }));
  else
    console.log(
      ["moved; let DNS, and whoever calls it by name, go to the new cluster:", ...hostLines(hosts, appsDomain)].join(
        "\n  ",
      ),
    );
  console.error(
    `the old cluster keeps everything, stopped, until you delete it; then remove ${path.basename(file)} as well. The way back: npx orrery adopt --undo --to ${values.to} --stack ${name}`,
  );
  return 0;
}

const pauseIt = ({ to, stack }: CutOverValues): string =>
  `npx pulumi config set --path 'clusters:settings.${to}.paused' true --stack ${stack}, and npx pulumi up --stack ${stack}`;

interface Said {
  readonly problems: readonly string[];
  readonly done: readonly string[];
  readonly file: string;
  readonly server: string;
  readonly cluster: string;
}

function planJson(
  { stops, missing, claims, hosts, undecided }: Plan,
  { problems, done, file, server, cluster }: Said,
): string {
  const running = stops.map(({ title, replicas, suspend, declared }) => ({ title, replicas, suspend, declared }));
  const said = { journal: file, from: server, to: cluster, done, missing, stops: running, claims, hosts };
  return JSON.stringify({ ...said, undecided, problems }, undefined, 2);
}
