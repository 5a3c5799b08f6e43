import type { ProwSettings } from "./settings.ts";

/** A physical name: the environment's prefix and what the object is called in production. */
export function named({ namePrefix }: Pick<ProwSettings, "namePrefix">, base: string): string {
  return `${namePrefix}${base}`;
}
