/** A backend in a bucket of S3, or of what speaks its API, e.g. OpenStack's Swift; AWS's SDK finds the login as it does in `pulumi up`. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import type { Bucket } from "./bucket.ts";

/** Where a bucket is. */
export interface S3Place {
  readonly bucket: string;
  /** Path in it that the backend keeps its files below; "" or with a slash at its end. */
  readonly prefix: string;
  /** Profile of AWS's files that the URL names. */
  readonly profile: string | undefined;
  /** What the URL says about the connection; all else is the SDK's to find, in AWS's variables and files. */
  readonly client: S3ClientConfig;
}

const checksums = { when_required: "WHEN_REQUIRED", when_supported: "WHEN_SUPPORTED" } as const;

/** Reads `s3://BUCKET[/PREFIX]?endpoint=...&region=...` as the CLI does. */
export function s3Place(url: string, env: NodeJS.ProcessEnv = process.env): S3Place {
  const { hostname, pathname, searchParams } = new URL(url);
  const one = (...names: readonly string[]): string | undefined =>
    names.map((name) => searchParams.get(name)).find((value) => value !== null) ?? undefined;
  const checksum = (name: string) => Object.entries(checksums).find(([value]) => value === one(name))?.[1];
  const given = one("endpoint");
  const scheme = one("disableSSL", "disable_https") === "true" ? "http" : "https";
  const prefix = pathname.replace(/^\/|\/$/g, "");
  const client = {
    endpoint: given === undefined || given.includes("://") ? given : `${scheme}://${given}`,
    // The CLI knows both variables, the SDK of this language only the first.
    region: one("region") ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION,
    forcePathStyle: one("s3ForcePathStyle", "use_path_style") === "true" ? true : undefined,
    requestChecksumCalculation: checksum("request_checksum_calculation"),
    responseChecksumValidation: checksum("response_checksum_validation"),
  };
  const profile = one("profile");
  return {
    bucket: hostname,
    prefix: prefix === "" ? "" : `${prefix}/`,
    profile,
    // A key that is there with undefined would count as an answer.
    client: Object.fromEntries(Object.entries(client).filter(([, value]) => value !== undefined)),
  };
}

/** The login that the CLI prefers to AWS_PROFILE; the SDK of this language has it the other way round. */
function keysOf(env: NodeJS.ProcessEnv): Pick<S3ClientConfig, "credentials"> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: token } = env;
  if (accessKeyId === undefined || secretAccessKey === undefined) return {};
  return { credentials: { accessKeyId, secretAccessKey, ...(token === undefined ? {} : { sessionToken: token }) } };
}

/** The bucket of `s3://...`. */
export function s3Bucket(url: string): Bucket {
  const { bucket, prefix, profile, client } = s3Place(url);
  // The client's own option for it does not reach the profile's endpoint_url.
  if (profile !== undefined) process.env.AWS_PROFILE = profile;
  const s3 = new S3Client({
    ...client,
    ...(profile === undefined ? keysOf(process.env) : {}),
    requestHandler: { connectionTimeout: 10_000, requestTimeout: 60_000 },
  });
  const at = (key: string) => ({ Bucket: bucket, Key: `${prefix}${key}` });
  const asking = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw new Error(s3Problem(bucket, error), { cause: error });
    }
  };
  return {
    list: (folder) =>
      asking(async () => {
        const keys: string[] = [];
        for await (const { Contents = [] } of paginateListObjectsV2(
          { client: s3 },
          { Bucket: bucket, Prefix: `${prefix}${folder}/` },
        )) {
          keys.push(...Contents.flatMap(({ Key }) => Key?.slice(prefix.length) ?? []));
        }
        return keys.sort();
      }),
    read: (key) =>
      asking(async () => {
        try {
          const { Body } = await s3.send(new GetObjectCommand(at(key)));
          return Buffer.from((await Body?.transformToByteArray()) ?? []);
        } catch (error) {
          if (isMissing(error)) return undefined;
          throw error;
        }
      }),
    write: (key, bytes) =>
      asking(async () => {
        await s3.send(new PutObjectCommand({ ...at(key), Body: bytes }));
      }),
    remove: (key) =>
      asking(async () => {
        try {
          await s3.send(new DeleteObjectCommand(at(key)));
        } catch (error) {
          if (!isMissing(error)) throw error;
        }
      }),
  };
}

/** Whether there is no such file; a bucket that is not there is a fault. */
function isMissing(error: unknown): boolean {
  if (!(error instanceof S3ServiceException)) return false;
  return error.$metadata.httpStatusCode === 404 && error.name !== "NoSuchBucket";
}

/** One sentence about what went wrong and what to do, without the SDK's own advice to its callers. */
function s3Problem(bucket: string, error: unknown): string {
  const { name, message, $metadata } = error as Error & Partial<Pick<S3ServiceException, "$metadata">>;
  const [line = ""] = message.trim().split("\n");
  if (name === "CredentialsProviderError") {
    return `no login for bucket ${bucket}: ${line}; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`;
  }
  if (message === "Region is missing") {
    return `no region for bucket ${bucket}: add ?region=... to the backend's URL, or set AWS_REGION`;
  }
  const status = $metadata?.httpStatusCode;
  if (status === undefined) return `bucket ${bucket} cannot be reached: ${line}`;
  if (!(error instanceof S3ServiceException) || name === "Unknown")
    return `bucket ${bucket}: HTTP ${status}, not by S3`;
  return line === "UnknownError" ? `bucket ${bucket}: ${name}` : `bucket ${bucket}: ${name} ${line}`;
}
