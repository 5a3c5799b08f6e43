/** A lesson at Callysto's hub: a pupil's cell, until its result is in the home. */
import type { CallystoAtWork } from "../callysto/deploy.ts";
import { student } from "../callysto/deploy.ts";
import { inside, pin } from "../callysto/hub.ts";
import { Pupil } from "../callysto/pupil.ts";
import { type EventKind, type Look, seenOf } from "./kind.ts";
import { lossesOfCallysto } from "./losses.ts";

/** Where a pupil's notebook is. */
interface Page {
  readonly user: string;
  readonly file: string;
}

/** Pupils sign on one after the other, work in the same notebook, and go. */
export function lesson(hub: CallystoAtWork): EventKind {
  const failed = new Set<string>();
  let page: Page | undefined;
  let last = Promise.resolve();
  const take = (id: string): void => {
    failed.delete(id);
    last = last.then(async () => {
      try {
        page = await work(hub, id, page);
      } catch {
        failed.add(id);
      }
    });
  };
  return {
    ...{ name: "Callysto: a cell of a pupil until its result is in the home", weight: 0.4, patience: 900 },
    send(number) {
      const id = `soak-${number}`;
      take(id);
      return Promise.resolve(id);
    },
    async look(ids) {
      const printed = await inside(hub, `cat /tank/home/*/*.ipynb 2>/dev/null | grep -o 'soak-[0-9]*-42' || true`);
      const done = new Set(printed.split("\n"));
      return seenOf(ids, (id): Promise<Look> => {
        if (done.has(result(id))) return Promise.resolve("done");
        return Promise.resolve(failed.has(id) ? "failed" : "nothing yet");
      });
    },
    again(id) {
      take(id);
      return Promise.resolve(0);
    },
    loses: lossesOfCallysto,
  };
}

/** What the cell prints; it is not in the cell itself. */
const result = (id: string): string => `${id}-42`;

async function work(hub: CallystoAtWork, id: string, before: Page | undefined): Promise<Page> {
  const pupil = await Pupil.open({ ...hub, pin: await pin(hub) });
  try {
    await pupil.signOn(student.name, student.password);
    const user = await pupil.startServer();
    let file = before?.file;
    if (file === undefined) file = await pupil.newNotebook();
    else await pupil.openNotebook(user, file);
    await pupil.run(`"${id}-" + str(6 * 7)`);
    await pupil.save();
    return { user, file };
  } finally {
    await pupil.close();
  }
}
