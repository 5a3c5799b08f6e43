/** Configuration of a Redis, Redict or Valkey. */
export interface RedisConfArgs {
  readonly dataFolder: string;
  /** File with `requirepass`. @default no password */
  readonly authFile?: string;
  /** MiB of data; the process needs more, most of all while it writes a snapshot. */
  readonly maxMemoryMiB: number;
  /** When it is full: refuse writes, or evict keys. */
  readonly eviction: "noeviction" | "allkeys-lru" | "volatile-lru";
  /** Write a snapshot every minute in which something changed. */
  readonly snapshots: boolean;
  /** Write each change to disk at once. @default false */
  readonly appendOnly?: boolean;
  /** Seconds after which a silent client is cut off. @default never */
  readonly idleSeconds?: number;
}

/** Text of redis.conf, for Redis 5 and later and its descendants. */
export function redisConf(args: RedisConfArgs): string {
  const lines = [
    // Without `bind` it listens on every address; the password and the NetworkPolicy keep others out.
    "protected-mode no",
    "port 6379",
    `dir ${args.dataFolder}`,
    ...(args.authFile === undefined ? [] : [`include ${args.authFile}`]),
    ...(args.idleSeconds === undefined ? [] : [`timeout ${args.idleSeconds}`]),
    `maxmemory ${args.maxMemoryMiB}mb`,
    `maxmemory-policy ${args.eviction}`,
    `save ${args.snapshots ? "60 1" : '""'}`,
    `appendonly ${args.appendOnly === true ? "yes" : "no"}`,
    // Detects vanished clients within minutes.
    "tcp-keepalive 60",
  ];
  return `${lines.join("\n")}\n`;
}
