/** Whether memory stays what it was. */

/** GB at a time, in minutes. */
export interface Sample {
  readonly minute: number;
  readonly memory: number;
}

/** How much more the last quarter may take than the second one: in the first, caches and pools fill. */
const tolerance = 1.1;

/** Samples below which nothing is said. */
const enough = 40;

/** Growth from the second quarter to the last one, 1.05 for five percent; nothing where the run was too short to tell. */
export function growth(samples: readonly Sample[]): number | undefined {
  if (samples.length < enough) return undefined;
  const quarter = (index: number): number =>
    median(samples.slice((index * samples.length) / 4, ((index + 1) * samples.length) / 4).map(({ memory }) => memory));
  return quarter(3) / quarter(1);
}

/** Whether memory is flat, as far as the samples show it. */
export const isFlat = (samples: readonly Sample[]): boolean => (growth(samples) ?? 1) <= tolerance;

/** The growth for people: `4 %`. */
export function growthText(samples: readonly Sample[]): string {
  const factor = growth(samples);
  return factor === undefined ? "unknown, as the run was short" : `${((factor - 1) * 100).toFixed(0)} %`;
}

/** A line with the figures. */
export function memoryText(samples: readonly Sample[]): string {
  const gigabytes = (sample: Sample | undefined): string => (sample?.memory ?? 0).toFixed(2);
  const most = samples.toSorted((a, b) => a.memory - b.memory).at(-1);
  return `memory: ${gigabytes(samples[0])} GB at first, ${gigabytes(samples.at(-1))} GB at last, ${gigabytes(most)} GB at most, growth ${growthText(samples)}`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
