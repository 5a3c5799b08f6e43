/** An object store that speaks S3 on this machine and refuses what is not signed by AWS Signature Version 4. */
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { serving } from "./config/clusterApi.ts";

/** An account that the store lets in. */
export interface S3Account {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string;
}

/** Keys of a page of a listing. */
const pageSize = 2;

interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

const sha256 = (data: string): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: Buffer | string, text: string): Buffer => createHmac("sha256", key).update(text).digest();
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** The signature that a request must have, by AWS's description of it. */
function signatureOf({ method, path, headers, body }: Request, secretKey: string, scope: readonly string[]): string {
  const { pathname, searchParams } = new URL(path, "http://store.test");
  const query = [...searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
  const names = /SignedHeaders=([^,]*)/.exec(headers.authorization ?? "")?.[1] ?? "";
  const lines = names.split(";").map((name) => `${name}:${String(headers[name])}\n`);
  const content = headers["x-amz-content-sha256"];
  if (content !== undefined && content !== "UNSIGNED-PAYLOAD") assert.equal(content, sha256(body));
  const canonical = [method, pathname, query.join("&"), lines.join(""), names, content ?? sha256(body)].join("\n");
  const key = scope.reduce<Buffer | string>((so, part) => hmac(so, part), `AWS4${secretKey}`);
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope.join("/"), sha256(canonical)].join("\n");
  return hmac(key, text).toString("hex");
}

/** Which rule a request's signature breaks, as S3 names it. */
function refusal(request: Request, { accessKey, secretKey, sessionToken }: S3Account, region: string) {
  const { authorization = "", "x-amz-security-token": token } = request.headers;
  const [, id, where = "", signature] = /Credential=([^/]*)\/([^,]*),.*Signature=(\w+)$/.exec(authorization) ?? [];
  const scope = where.split("/");
  if (id !== accessKey || token !== sessionToken) return "InvalidAccessKeyId";
  if (scope[1] !== region) return "AuthorizationHeaderMalformed";
  return signature === signatureOf(request, secretKey, scope) ? undefined : "SignatureDoesNotMatch";
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

function listing(keys: readonly string[], query: URLSearchParams): string {
  const from = Number(query.get("continuation-token") ?? "0");
  const found = keys.filter((key) => key.startsWith(query.get("prefix") ?? "")).sort();
  const next = from + pageSize;
  const page = found.slice(from, next).map((key) => `<Contents><Key>${escaped(key)}</Key></Contents>`);
  const more = next < found.length ? `<NextContinuationToken>${next}</NextContinuationToken>` : "";
  return `<ListBucketResult><IsTruncated>${more !== ""}</IsTruncated>${page.join("")}${more}</ListBucketResult>`;
}

/** A store that runs. */
export interface S3Store {
  readonly origin: string;
  /** Text of each file, by its key. */
  readonly files: Map<string, string>;
}

/** Serves the bucket `team`, addressed by the path, while the work is done. */
export function servingS3<T>(account: S3Account, region: string, work: (store: S3Store) => Promise<T>): Promise<T> {
  const files = new Map<string, string>();
  return serving(
    (request, response) => {
      const answer = (status: number, body = ""): void => void response.writeHead(status).end(body);
      const fail = (status: number, code: string): void => {
        answer(status, `<Error><Code>${code}</Code><Message>It is so.</Message></Error>`);
      };
      const { pathname, searchParams } = new URL(request.path, "http://store.test");
      const [, bucket, ...rest] = pathname.split("/").map(decodeURIComponent);
      const key = rest.join("/");
      const refused = refusal(request, account, region);
      if (refused !== undefined) fail(403, refused);
      else if (bucket !== "team") fail(404, "NoSuchBucket");
      else if (request.method === "GET" && key === "") answer(200, listing([...files.keys()], searchParams));
      else if (request.method === "GET" && files.has(key)) answer(200, files.get(key));
      else if (request.method === "GET") fail(404, "NoSuchKey");
      else if (request.method === "PUT") {
        files.set(key, request.body);
        answer(200);
      } else answer(files.delete(key) ? 204 : 404);
    },
    (port) => work({ origin: `http://127.0.0.1:${port}`, files }),
  );
}
