/** A backend in a bucket of S3, or of what speaks its API, e.g. OpenStack's Swift. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { UsageError } from "../command.ts";
import type { Bucket } from "../lib/state/backend/bucket.ts";
import { type S3Login, type S3Request, signed } from "./signature.ts";

/** Where a bucket is. */
export interface S3Place {
  readonly bucket: string;
  /** Path in it that the backend keeps its files below; "" or with a slash at its end. */
  readonly prefix: string;
  readonly origin: string;
  readonly region: string;
  readonly profile: string;
}

/** Reads `s3://BUCKET[/PREFIX]?endpoint=...&region=...` as the CLI does. @throws UsageError if no region is known */
export function s3Place(url: string, env: NodeJS.ProcessEnv): S3Place {
  const { hostname, pathname, searchParams } = new URL(url);
  const region = searchParams.get("region") ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  if (region === undefined) throw new UsageError(`${url} names no region; add ?region=..., or set AWS_REGION`);
  const given = searchParams.get("endpoint") ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
  const plain = [searchParams.get("disableSSL"), searchParams.get("disable_https")].includes("true");
  const endpoint = given ?? `s3.${region}.amazonaws.com`;
  const origin = endpoint.includes("://") ? endpoint : `${plain ? "http" : "https"}://${endpoint}`;
  const prefix = pathname.replace(/^\/|\/$/g, "");
  return {
    bucket: hostname,
    prefix: prefix === "" ? "" : `${prefix}/`,
    origin: origin.replace(/\/$/, ""),
    region,
    profile: searchParams.get("profile") ?? env.AWS_PROFILE ?? "default",
  };
}

/** The login, from AWS's own variables, else from its file. @throws UsageError if there is none */
export function s3Login(profile: string, env: NodeJS.ProcessEnv): S3Login {
  const { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, AWS_SESSION_TOKEN: sessionToken } = env;
  if (accessKey !== undefined && secretKey !== undefined) return { accessKey, secretKey, sessionToken };
  const file = env.AWS_SHARED_CREDENTIALS_FILE ?? path.join(homedir(), ".aws", "credentials");
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const section = text.split(/^\s*(?=\[)/m).find((part) => part.startsWith(`[${profile}]`)) ?? "";
  const value = (name: string): string | undefined => new RegExp(`^\\s*${name}\\s*=\\s*(\\S+)`, "m").exec(section)?.[1];
  const [id, secret] = [value("aws_access_key_id"), value("aws_secret_access_key")];
  if (id === undefined || secret === undefined) {
    throw new UsageError(`no login for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write them to ${file}`);
  }
  return { accessKey: id, secretKey: secret, sessionToken: value("aws_session_token") };
}

/** The bucket of `s3://...`. */
export function s3Bucket(url: string, env: NodeJS.ProcessEnv): Bucket {
  const { bucket, prefix, origin, region, profile } = s3Place(url, env);
  const login = s3Login(profile, env);
  const ask = async (
    method: S3Request["method"],
    key: string,
    query: S3Request["query"],
    body: Buffer = Buffer.alloc(0),
  ): Promise<Response | undefined> => {
    const at = key === "" ? `/${bucket}` : `/${bucket}/${prefix}${key}`;
    const request = signed({ method, origin, path: at, query, body }, login, region, new Date());
    const content = method === "PUT" ? { body: new Uint8Array(body) } : {};
    const sent = fetch(request.url, {
      method,
      headers: request.headers,
      ...content,
      signal: AbortSignal.timeout(60_000),
    });
    const answer = await sent.catch((error: unknown) => {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new Error(`${origin} does not answer: ${cause}`, { cause: error });
    });
    if (answer.ok) return answer;
    const said = await answer.text();
    const [, code = String(answer.status)] = /<Code>([^<]*)/.exec(said) ?? [];
    if (answer.status === 404 && code !== "NoSuchBucket") return undefined;
    const [, message = ""] = /<Message>([^<]*)/.exec(said) ?? [];
    throw new Error(`bucket ${bucket} at ${origin}: ${code} ${message}`.trim());
  };
  return {
    async list(folder) {
      const keys: string[] = [];
      let token: string | undefined;
      do {
        const more: Record<string, string> = token === undefined ? {} : { "continuation-token": token };
        const answer = await ask("GET", "", { "list-type": "2", prefix: `${prefix}${folder}/`, ...more });
        const text = (await answer?.text()) ?? "";
        keys.push(...[...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => key.slice(prefix.length)));
        token = /<NextContinuationToken>([^<]*)/.exec(text)?.[1];
      } while (token !== undefined);
      return keys.sort();
    },
    async read(key) {
      const answer = await ask("GET", key, {});
      return answer === undefined ? undefined : Buffer.from(await answer.arrayBuffer());
    },
    async write(key, bytes) {
      await ask("PUT", key, {}, bytes);
    },
    async remove(key) {
      await ask("DELETE", key, {});
    },
  };
}
