/** Waiting in demonstrations. */
import { setTimeout as sleep } from "node:timers/promises";

/** Asks until the answer is there. @throws naming what did not happen */
export async function until<T>(what: string, seconds: number, look: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > end) throw new Error(`${what} did not happen within ${seconds} s`);
    await sleep(1000);
  }
}
