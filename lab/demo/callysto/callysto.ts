/** Callysto at work: from a pupil's sign-on to a notebook that outlives the server, hop by hop, with the evidence of each. */
import path from "node:path";
import type { Run } from "../../pulumi.ts";
import { announcement, type CallystoAtWork, student } from "./deploy.ts";
import { callysto, inside, notebook, pin } from "./hub.ts";
import { Pupil } from "./pupil.ts";

/** Prints a hop and its evidence. */
type Tell = (hop: string, evidence: string) => void;

/** More than the quota that the operator sets. */
export const tooMuch = `import os; open("big", "wb").write(os.urandom(30_000_000))`;
/** ZFS counts what is removed when it has written it. */
export const roomAgain = `os.remove("big"); os.sync(); "room again"`;

const seconds = (since: number): number => Math.round((Date.now() - since) / 1000);

/** Plays a lesson. @returns the pictures. @throws naming the hop that did not happen */
export async function playCallysto(run: Run, hub: CallystoAtWork, tell: Tell): Promise<readonly string[]> {
  const folder = path.join(run.lab.dir, "pictures");
  tell(
    "hub-ci is a machine that cloud-init and SSH have made a hub: ZFS, Docker, Apache, Shibboleth, SimpleSAMLphp, JupyterHub",
    `${hub.hostname} at ${hub.address}`,
  );
  const pictures: string[] = [];
  const first = await Pupil.open({ ...hub, pin: await pin(hub) });
  let user: string;
  let file: string;
  try {
    const title = await first.signOn(student.name, student.password);
    const start = Date.now();
    user = await first.startServer();
    tell(`a pupil signs on at "${title}"; the hub knows a hash, not the name`, user);
    const container = await inside(hub, "docker ps --format '{{.Names}} {{.Image}}'");
    tell(`JupyterHub makes a home and starts the pupil's server in ${seconds(start)} s`, container);
    const shown = await first.announcement();
    if (!shown.includes(announcement)) throw new Error(`the list of files says "${shown}", not the announcement`);
    tell("the list of files shows the announcement", shown);
    pictures.push(await first.picture(folder, "callysto-files"));
    file = await first.newNotebook();
    tell("a new notebook; a cell runs in a kernel of Python", `6 * 7 = ${await first.run("6 * 7")}`);
    const set = await callysto(run, ["quota", "set", user, "20M"]);
    const refused = await first.run(tooMuch);
    if (!refused.includes("Disk quota exceeded")) throw new Error(`30 MB fit into a home of 20 MB: ${refused}`);
    tell(`the operator makes the home smaller (${set}); a cell writes 30 MB`, refused.split("\n").at(-1) ?? "");
    await first.run(roomAgain);
    await first.save();
    pictures.push(await first.picture(folder, "callysto-notebook"));
  } finally {
    await first.close();
  }
  if ((await notebook(hub, user, file)) === undefined) throw new Error(`${file} is not in the pupil's home`);
  const server = "cat /etc/machine-id";
  const before = await inside(hub, server);
  const start = Date.now();
  run.log("callysto rebuild: about as long as the first deployment");
  await callysto(run, ["rebuild", "--yes"]);
  const after = await inside(hub, server);
  if (before === after) throw new Error("the machine is the same after a rebuild");
  tell(
    `the operator rebuilds the hub: another machine in ${seconds(start)} s, with the same address, keys and homes`,
    after,
  );
  const second = await Pupil.open({ ...hub, pin: await pin(hub) });
  try {
    await second.signOn(student.name, student.password);
    const again = await second.startServer();
    if (again !== user) throw new Error(`the pupil has become somebody else: ${again} instead of ${user}`);
    await second.openNotebook(user, file);
    const [printed = ""] = await second.outputs();
    tell("the pupil signs on again and finds the notebook as it was", `${file}: ${printed}`);
    pictures.push(await second.picture(folder, "callysto-again"));
  } finally {
    await second.close();
  }
  return pictures;
}
