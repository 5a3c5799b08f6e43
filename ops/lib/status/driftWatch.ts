/** Looks for drift now and then, while a page or terminal shows everything else. */
import { drift } from "../doctor/drift.ts";
import { lastDrift, rememberDrift } from "./collectors/drift.ts";

/** How a comparison is made. */
export type Compare = typeof drift;

/** One stack; a comparison takes as long as a refresh, and holds up no look. */
export class DriftWatch {
  private readonly name: string;
  private readonly file: string;
  private readonly every: number;
  private readonly atOnce: boolean;
  private readonly compare: Compare;
  private readonly ending = new AbortController();
  private running: Promise<void> | undefined;
  private tried: number | undefined;

  /**
   * @param every - seconds between the begins of two comparisons
   * @param atOnce - whether the first one does not wait, however new what this checkout found before is
   */
  constructor(name: string, file: string, every: number, atOnce: boolean, compare: Compare = drift) {
    [this.name, this.file, this.every, this.atOnce, this.compare] = [name, file, every, atOnce, compare];
  }

  /** Begins a comparison if none runs and the last one is old enough. */
  begin(now = new Date()): void {
    const { signal } = this.ending;
    if (this.running !== undefined || signal.aborted || !this.isDue(now)) return;
    this.tried = now.getTime();
    this.running = this.work(now).finally(() => (this.running = undefined));
  }

  private isDue(now: Date): boolean {
    if (this.atOnce && this.tried === undefined) return true;
    const last = Math.max(lastDrift(this.file)?.getTime() ?? 0, this.tried ?? 0);
    return now.getTime() - last >= this.every * 1000;
  }

  /** Ends a comparison that runs; what it found is forgotten. */
  async end(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  private async work(now: Date): Promise<void> {
    const { signal } = this.ending;
    try {
      const found = await this.compare(this.name, this.file, signal);
      if (!signal.aborted) rememberDrift(this.file, found, now);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (!signal.aborted) console.error(`${this.name}: drift could not be looked for: ${text}`);
    }
  }
}
