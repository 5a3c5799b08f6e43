/** Signs requests as S3 wants it: AWS Signature Version 4. */
import { createHash, createHmac } from "node:crypto";

/** Who asks. */
export interface S3Login {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string | undefined;
}

/** A request to be signed; its path is not encoded yet. */
export interface S3Request {
  readonly method: "GET" | "PUT" | "DELETE";
  /** Scheme, name and port. */
  readonly origin: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const sha256 = (data: Buffer | string): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: Buffer | string, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** RFC 3986: everything but letters, digits and -._~ */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** The address and the headers of a signed request. */
export function signed(
  { method, origin, path, query, body }: S3Request,
  { accessKey, secretKey, sessionToken }: S3Login,
  region: string,
  now: Date,
): { readonly url: string; readonly headers: Readonly<Record<string, string>> } {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, "");
  const where = path.split("/").map(encode).join("/");
  const asked = Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
  const sent: Record<string, string> = {
    "x-amz-content-sha256": sha256(body),
    "x-amz-date": time,
    ...(sessionToken === undefined ? {} : { "x-amz-security-token": sessionToken }),
  };
  // fetch() writes the host itself.
  const headers: Record<string, string> = { host: new URL(origin).host, ...sent };
  const names = Object.keys(headers).sort().join(";");
  const lines = Object.entries(headers)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value}\n`);
  const canonical = [method, where, asked, lines.join(""), names, sha256(body)].join("\n");
  const scope = [time.slice(0, 8), region, "s3", "aws4_request"];
  const key = scope.reduce<Buffer | string>((so, part) => hmac(so, part), `AWS4${secretKey}`);
  const signature = hmac(key, ["AWS4-HMAC-SHA256", time, scope.join("/"), sha256(canonical)].join("\n"));
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope.join("/")}, SignedHeaders=${names}, Signature=${signature.toString("hex")}`;
  return { url: `${origin}${where}${asked === "" ? "" : `?${asked}`}`, headers: { ...sent, authorization } };
}
