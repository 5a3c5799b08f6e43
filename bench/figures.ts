/** Arithmetic of measurements. */

/** The middle one; of an even number the mean of the middle two. @throws if there is none */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (low === undefined || high === undefined) throw new Error("there is no median of no values");
  return (low + high) / 2;
}

/** A point of growth: size, and what it cost. */
export type Point = readonly [size: number, cost: number];

/**
 * Exponent b of cost = a * size^b, by least squares of the logarithms: 1 is linear, 2 quadratic.
 * @throws with fewer than two sizes, or values that have no logarithm
 */
export function exponent(points: readonly Point[]): number {
  const logs = points.map(([size, cost]): Point => [Math.log(size), Math.log(cost)]);
  if (logs.flat().some((value) => !Number.isFinite(value))) throw new Error("sizes and costs must be above zero");
  const mean = (at: 0 | 1): number => logs.reduce((sum, point) => sum + point[at], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const spread = logs.reduce((sum, [size]) => sum + (size - x) ** 2, 0);
  if (!(spread > 0)) throw new Error("an exponent needs two sizes");
  return logs.reduce((sum, [size, cost]) => sum + (size - x) * (cost - y), 0) / spread;
}

/** Rounded to so many digits after the point. */
export function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}
