/** What a self-managed backend keeps its files in: a folder, or a bucket of S3 or of what speaks S3's API. */
import { UsageError } from "../../../../cli/usage.ts";
import type { Bucket } from "./bucket.ts";
import { folderBucket } from "./folder.ts";

/** Whether a backend keeps its states in files that can be read here. */
export const keepsFiles = (url: string): boolean => /^(file|s3):\/\//.test(url);

/** A text without logins in its addresses: that of PostgreSQL has the password, and the engine repeats it. */
export const withoutLogins = (text: string): string => text.replace(/\b([a-z][a-z0-9+]*:\/\/)[^\s/?@]*@/g, "$1");

/** Opens the bucket of a backend's URL. @throws UsageError if the backend keeps no files that can be read here */
export async function openBucket(url: string): Promise<Bucket> {
  if (url.startsWith("file://")) return folderBucket(url);
  // AWS's SDK takes its time to load.
  if (url.startsWith("s3://")) return (await import("./s3.ts")).s3Bucket(url);
  throw new UsageError(
    `state works with a folder (file://) and with S3 (s3://), the backend is ${withoutLogins(url)}: orrery backup saves what pulumi stack export prints; Pulumi Cloud keeps every update's state (pulumi stack export --version)`,
  );
}
