/** What caches may keep on volumes: nine tenths, as a full volume fails every write. */

const units = { Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 } as const;

/** Bytes that a cache may keep on a volume of a size such as 30Gi. */
const room = (size: string): number => Number.parseInt(size, 10) * units[size.slice(-2) as keyof typeof units] * 0.9;

/** Gigabytes for ghproxy, at least one. The runbook's 99 fit no volume of its own. */
export const cacheSize = (size: string): number => Math.max(1, Math.floor(room(size) / 1e9));

/** Size for nginx, in its own unit: 1024 times 1024 bytes. */
export const nginxSize = (size: string): string => `${Math.floor(room(size) / units.Mi)}m`;
