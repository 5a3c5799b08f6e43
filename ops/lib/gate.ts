/** Limits how much is done at the same time. */

/** Runs work when there is room for it; what waits is begun in order. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

/** A gate that lets some through at a time. */
export function gate(most: number): Gate {
  let room = most;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (room > 0) room -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // The room goes to the next one, so that none that comes later takes it.
      if (next === undefined) room += 1;
      else next();
    }
  };
}
