/** A container registry on this machine, as far as the OCI distribution API is asked here. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const sha = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;

/** A registry in which every repository below `open/` is everybody's, and all others want the login `me`, `secret`. */
export class Registry {
  /** Time at which an image was built, by `repository:tag`; every image there is. */
  readonly built = new Map<string, string>();
  /** Requests for manifests, as `METHOD repository:reference`. */
  readonly asked: string[] = [];
  private readonly blobs = new Map<string, string>();
  private readonly server = createServer((request, response) => {
    this.answer(request, response);
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
  }

  /** Digest of a tag's image: of a list for two platforms, whose second is the usual one. */
  digestOf(name: string): string {
    const config = JSON.stringify({ created: this.built.get(name), architecture: "amd64" });
    const manifest = JSON.stringify({ config: { digest: sha(config) }, layers: [] });
    const list = JSON.stringify({
      manifests: [
        { digest: sha("arm"), platform: { os: "linux", architecture: "arm64" } },
        { digest: sha(manifest), platform: { os: "linux", architecture: "amd64" } },
      ],
    });
    for (const text of [config, manifest, list]) this.blobs.set(sha(text), text);
    return sha(list);
  }

  private answer({ url = "", headers, method = "" }: IncomingMessage, response: ServerResponse): void {
    const { host = "", authorization = "" } = headers;
    const { pathname, searchParams } = new URL(url, `http://${host}`);
    if (pathname === "/token") {
      const login = authorization === `Basic ${Buffer.from("me:secret").toString("base64")}`;
      const open = searchParams.get("scope")?.startsWith("repository:open/") === true;
      response.writeHead(login || open ? 200 : 401).end(JSON.stringify({ token: "t0ken" }));
      return;
    }
    const [, repository = "", reference = ""] = /^\/v2\/(.*)\/(?:manifests|blobs)\/(.*)$/.exec(pathname) ?? [];
    if (authorization !== "Bearer t0ken") {
      const challenge = `Bearer realm="http://${host}/token",service="test",scope="repository:${repository}:pull"`;
      response.writeHead(401, { "www-authenticate": challenge }).end();
      return;
    }
    const name = `${repository}:${reference}`;
    if (pathname.includes("/manifests/")) this.asked.push(`${method} ${name}`);
    const found = reference.startsWith("sha256:") ? reference : this.built.has(name) ? this.digestOf(name) : "";
    const text = this.blobs.get(found);
    if (text === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "docker-content-digest": found }).end(method === "HEAD" ? "" : text);
  }
}
