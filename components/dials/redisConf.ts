/** What one Redis is for. */
export interface RedisUse {
  /** Must it keep what it was given over a restart? A cache forgets the oldest instead when it is full. */
  readonly keeps: boolean;
  /** Write each message to disk at once; only with `keeps`. */
  readonly appendOnly: boolean;
  /** MiB of data; the process needs more, most of all while it writes a snapshot. */
  readonly maxMemoryMiB: number;
}

/** Text of redis.conf, for Redis 5 and later. */
export function redisConf(use: RedisUse, dataFolder: string, authFile: string): string {
  const lines = [
    // Without `bind` it listens on every address; the password and the NetworkPolicy keep others out.
    "protected-mode no",
    "port 6379",
    `dir ${dataFolder}`,
    `include ${authFile}`,
    `maxmemory ${use.maxMemoryMiB}mb`,
    // A broker that is full must say so: to forget a message is to lose a task.
    `maxmemory-policy ${use.keeps ? "noeviction" : "allkeys-lru"}`,
    `save ${use.keeps ? "60 1" : '""'}`,
    `appendonly ${use.keeps && use.appendOnly ? "yes" : "no"}`,
    // A client that vanished without a word is noticed within minutes.
    "tcp-keepalive 60",
  ];
  return `${lines.join("\n")}\n`;
}
