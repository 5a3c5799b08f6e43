/** What caches may keep on volumes: nine tenths, as a full volume fails every write. */
import { quantityOf } from "../../config/fields.ts";

/** Bytes that a cache may keep on a volume of a size such as 30Gi. */
const room = (size: string): number => quantityOf(size) * 0.9;

/** Gigabytes for ghproxy, at least one. The runbook's 99 fit no volume of its own. */
export const cacheSize = (size: string): number => Math.max(1, Math.floor(room(size) / 1e9));

/** Size for nginx, in its own unit: 1024 times 1024 bytes. */
export const nginxSize = (size: string): string => `${Math.floor(room(size) / 2 ** 20)}m`;
