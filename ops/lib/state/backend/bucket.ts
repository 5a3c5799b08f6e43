/** Files by key; keys are paths with slashes, from the backend's root. */
export interface Bucket {
  /** Keys below a path, sorted. */
  list(folder: string): Promise<readonly string[]>;
  /** A file's bytes, or undefined when there is none. */
  read(key: string): Promise<Buffer | undefined>;
  write(key: string, bytes: Buffer): Promise<void>;
  remove(key: string): Promise<void>;
}
