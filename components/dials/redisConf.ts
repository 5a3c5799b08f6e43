import { redisConf as toRedisConf } from "../../blocks/redisConf.ts";

/** What one Redis is for. */
export interface RedisUse {
  /** Keep the data over a restart? A cache evicts the oldest keys instead when it is full. */
  readonly keeps: boolean;
  /** Write each message to disk at once; only with `keeps`. */
  readonly appendOnly: boolean;
  /** MiB of data; the process needs more, most of all while it writes a snapshot. */
  readonly maxMemoryMiB: number;
}

/** Text of redis.conf, for Redis 5 and later. */
export function redisConf(use: RedisUse, dataFolder: string, authFile: string): string {
  return toRedisConf({
    dataFolder,
    authFile,
    maxMemoryMiB: use.maxMemoryMiB,
    // A broker that is full must say so: to forget a message is to lose a task.
    eviction: use.keeps ? "noeviction" : "allkeys-lru",
    snapshots: use.keeps,
    appendOnly: use.keeps && use.appendOnly,
  });
}
