/** Sizes of caches: nine tenths of their volume, since a full volume fails every write. */
import { quantityOf } from "../../config/fields.ts";

/** Bytes that a cache may use on a volume of a size such as 30Gi. */
const usableBytes = (size: string): number => quantityOf(size) * 0.9;

/** Gigabytes for ghproxy, at least one. The runbook's 99 fit no volume of its own. */
export const cacheSize = (size: string): number => Math.max(1, Math.floor(usableBytes(size) / 1e9));

/** Size for nginx, in its own unit: 1024 times 1024 bytes. */
export const nginxSize = (size: string): string => `${Math.floor(usableBytes(size) / 2 ** 20)}m`;
