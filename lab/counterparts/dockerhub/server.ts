/**
 * The lab's counterpart of Docker Hub: a registry that answers mirrors which ask at their start whether it is there, and has one image,
 * `library/farewell:1`, with a word in it instead of a file system. It says at `/lab/asked` what it was asked for.
 */
import { createHash } from "node:crypto";
import { createServer } from "node:http";

const digestOf = (content: string): string => `sha256:${createHash("sha256").update(content).digest("hex")}`;
const part = (content: string, type: string) => ({
  ...{ mediaType: type, digest: digestOf(content), size: Buffer.byteLength(content) },
});

const word = "farewell, said Docker Hub's counterpart\n";
const config = JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } });
const manifest = JSON.stringify({
  schemaVersion: 2,
  mediaType: "application/vnd.oci.image.manifest.v1+json",
  config: part(config, "application/vnd.oci.image.config.v1+json"),
  layers: [part(word, "application/vnd.oci.image.layer.v1.tar")],
});

const json = "application/json";
const contents: Readonly<Record<string, readonly [content: string, type: string]>> = {
  "/v2/": ["{}", json],
  "/healthz": ["{}", json],
  "/v2/library/farewell/manifests/1": [manifest, "application/vnd.oci.image.manifest.v1+json"],
  [`/v2/library/farewell/manifests/${digestOf(manifest)}`]: [manifest, "application/vnd.oci.image.manifest.v1+json"],
  [`/v2/library/farewell/blobs/${digestOf(config)}`]: [config, "application/octet-stream"],
  [`/v2/library/farewell/blobs/${digestOf(word)}`]: [word, "application/octet-stream"],
};
const none = JSON.stringify({
  errors: [{ code: "MANIFEST_UNKNOWN", message: "the lab's counterpart has no such image" }],
});
const asked: string[] = [];

createServer(({ url = "/", method = "GET" }, response) => {
  if (url === "/lab/asked") return response.end(JSON.stringify(asked));
  if (url.includes("farewell")) asked.push(`${method} ${url}`);
  const [content, type] = contents[url] ?? [none, json];
  response.writeHead(contents[url] === undefined ? 404 : 200, {
    ...{ "content-type": type, "content-length": Buffer.byteLength(content) },
    ...{ "docker-content-digest": digestOf(content), "docker-distribution-api-version": "registry/2.0" },
  });
  response.end(method === "HEAD" ? undefined : content);
}).listen(8080, () => {
  console.log("counterpart of Docker Hub in the lab; it is not Docker's");
});
