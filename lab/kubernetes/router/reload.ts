/** Makes HAProxy read its file, and asks it whether it has: while it reads, its master loses the signal to read once more. */
import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** Header with the revision of the configuration in force, in answers for hosts that nothing serves. */
export const revisionHeader = "orrery-revision";

/** Seconds until a router has surely read its file, on a busy machine. */
const readTimeout = 60;
/** Seconds after which a signal counts as lost. */
const patience = 1;

/** A running router. */
export interface Running {
  /** The revision in force; undefined if nothing answers. */
  revision(): Promise<string | undefined>;
  /** Makes it read its file. */
  signal(): unknown;
}

/**
 * Waits until a revision is in force, signalling again where a signal was lost. A router that does not answer is starting: a
 * signal would end it, and it reads the newest file anyway.
 * @throws if it does not get that far
 */
export async function putIntoForce(router: Running, revision: string): Promise<void> {
  const end = Date.now() + readTimeout * 1000;
  let signalled = 0;
  for (;;) {
    const now = await router.revision();
    if (now === revision) return;
    if (Date.now() > end)
      throw new Error(`the router has not read its file within ${readTimeout} s; read log/router.log`);
    if (now !== undefined && Date.now() - signalled > patience * 1000) {
      router.signal();
      signalled = Date.now();
    }
    await sleep(50);
  }
}

/** Revision that the router at an address has in force, on a connection of its own, as an old one stays with the old process. */
export function revisionAt(address: string, port = 80): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = get(
      { host: address, port, agent: false, timeout: 2000, headers: { host: "revision.invalid" } },
      (answer) => {
        answer.resume();
        resolve(answer.headers[revisionHeader]?.toString() ?? "");
      },
    );
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => {
      resolve(undefined);
    });
  });
}
