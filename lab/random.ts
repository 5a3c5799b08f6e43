/** Chance that can be repeated. */

/** A small generator of pseudo-random numbers from 0 to 1 (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** One of all, or undefined if there is none. */
export function pick<T>(all: readonly T[], draw: () => number): T | undefined {
  return all[Math.floor(draw() * all.length)];
}

/** One of all, each as often as its weight says. @throws if there is none */
export function weighted<T extends { readonly weight: number }>(all: readonly T[], draw: () => number): T {
  let left = draw() * all.reduce((sum, { weight }) => sum + weight, 0);
  const found = all.find(({ weight }) => (left -= weight) < 0) ?? all[0];
  if (found === undefined) throw new Error("there is nothing to choose from");
  return found;
}
