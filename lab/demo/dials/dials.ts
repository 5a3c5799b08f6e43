/** CMS DIALS at work: what files on EOS set off, hop by hop, with the evidence of each. */
import { kubeApi } from "../../kubernetes/api.ts";
import type { Run } from "../../pulumi.ts";
import { ask } from "../outside.ts";
import { forward } from "../kubectl.ts";
import type { Scene } from "../pictures.ts";
import { until } from "../until.ts";
import type { DialsAtWork } from "./deploy.ts";
import { allowExchange } from "./exchange.ts";
import { type Person, startKeycloak } from "./keycloak.ts";
import {
  databases,
  type FileRow,
  fileRow,
  flowerLogin,
  flowerPort,
  histogram,
  makeDue,
  type Task,
  tasks,
  writeToEos,
} from "./steps.ts";

/** Prints a hop and its evidence. */
type Tell = (hop: string, evidence: string) => void;

/** The workspace that the demonstration looks at; the stack's priority era is 2024. */
export const workspace = "tracker";
export const element = "PixelPhase1/Tracks/charge_PXLayer_1";
const unwanted = "Muons/ignored";

/** What became of a file that the indexing was to find. */
interface Ingested {
  readonly name: string;
  readonly row: FileRow;
  readonly task: Task;
}

/** A new file of an era, until its rows are in the database and Flower has its task. @throws naming the hop that did not happen */
export async function ingest(run: Run, dials: DialsAtWork, era: string, number: number): Promise<Ingested> {
  const histograms = [histogram(element, number), histogram(unwanted, number)];
  const name = await writeToEos(kubeApi(run.lab), dials, { era, histograms });
  await makeDue(run, dials);
  const row = await until(`the rows of ${name}`, 240, async () => {
    const found = await fileRow(run, workspace, name);
    if (found !== undefined && /ERROR|NOT_AVAILABLE/.test(found.status)) throw new Error(`${name}: ${found.status}`);
    return found?.status === "FINISHED" ? found : undefined;
  });
  const task = await until(`Flower's task of ${name}`, 60, async () =>
    (await tasks(run, dials)).find(({ state, kwargs }) => state === "SUCCESS" && kwargs.includes(name)),
  );
  return { name, row, task };
}

/** The stand-in's page of a workspace's histograms. */
export const pageOf = ({ apiHost }: DialsAtWork): string => `https://${apiHost}/stand-in/${workspace}`;

/** The frontend's page, where a person signs on first. */
export function signOnScene({ settings }: DialsAtWork, { login, password, workspace: opened }: Person): Scene {
  return {
    name: "dials-sign-on",
    url: `https://${settings.frontendHost}/`,
    shows: `${login} in workspace ${opened}`,
    act: async (page) => {
      await page.fill("#username", login);
      await page.fill("#password", password);
      await page.click("#kc-login");
    },
  };
}

/** Flower's list of tasks; nothing outside the cluster reaches it but a forwarded port, as by `orrery dials forward`. */
export function flowerScene(run: Run, dials: DialsAtWork): Scene {
  const [path, task] = ["/tasks", "file_ingesting_pipeline"];
  return {
    ...{ name: "dials-flower", url: path, shows: task },
    open: async () => {
      const { port, close } = await forward(run, dials.namespace, "deployment/flower", flowerPort);
      return { url: `http://127.0.0.1:${port}${path}`, login: await flowerLogin(run, dials), close };
    },
  };
}

/** Plays two files, one of each queue. @returns the pages to look at. @throws naming the hop that did not happen */
export async function playDials(run: Run, dials: DialsAtWork, tell: Tell): Promise<readonly Scene[]> {
  tell(
    "stand-ins take the places of DIALS' own tasks, migrations, Django application and frontend, which are in no package",
    "Redis, Celery, RedBeat, Flower, Alembic, PostgreSQL, nginx, gunicorn, Django and Keycloak are the real programs",
  );
  const made = (await databases(run)).filter((name) => name !== "postgres");
  tell("the migrations' job has made a database for each workspace", made.join(", "));
  const number = Math.floor(Date.now() / 1000);
  for (const [era, queue] of [
    ["Run2024C", "priority"],
    ["Run2023D", "bulk"],
  ] as const) {
    const { name, row, task } = await ingest(run, dials, era, number + (queue === "bulk" ? 1 : 0));
    tell(`a new file on EOS, of era ${era}; RedBeat's entry is due, and the indexer finds it`, name);
    tell(
      `its task goes by Redis to the ${queue} worker; Flower has it`,
      `${task.name}: ${task.state} at ${row.worker}`,
    );
    tell(`what the workspace keeps of it is in the database ${workspace}`, `${row.status}, ${row.rows} histogram`);
  }
  const url = pageOf(dials);
  const page = await ask(run.lab, url);
  if (page.status !== 200 || !page.body.includes("<svg"))
    throw new Error(`${url} answers ${page.status} without a picture`);
  tell("Route, nginx, gunicorn and Django show it", url);
  const signOn = await startKeycloak(run, dials.settings);
  await allowExchange(run.lab, dials.settings, signOn);
  const [person] = signOn.people.filter((one) => one.workspace === workspace);
  if (person === undefined) throw new Error(`nobody opens ${workspace}`);
  const scene = signOnScene(dials, person);
  tell(
    "Keycloak has the stack's applications and roles; the frontend may exchange its token for one of the API's",
    `${scene.url}; sign on as ${person.login}, whose password is in Secret lab-sso/keycloak`,
  );
  return [{ name: "dials", url, shows: `run ${number}` }, scene, flowerScene(run, dials)];
}
