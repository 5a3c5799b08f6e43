/** A real image registry (Debian's docker-registry) on this machine, and images of nothing to put into it. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { bound, eventually } from "./celery.ts";
import { freePort } from "../port.ts";

/** A registry that runs. */
export interface Registry {
  /** Host and port, as an image's name begins. */
  readonly address: string;
  /** Pushes an image without layers. @returns its digest, as the registry returns it */
  push(repository: string, tag: string, content: string): Promise<string>;
  close(): Promise<void>;
}

const manifestType = "application/vnd.docker.distribution.manifest.v2+json";

/** Starts a registry in a folder of its own. */
export async function openRegistry(): Promise<Registry> {
  const dir = mkdtempSync(path.join(tmpdir(), "dials-registry-"));
  const address = `127.0.0.1:${await freePort()}`;
  const storage = { filesystem: { rootdirectory: path.join(dir, "images") } };
  writeFileSync(path.join(dir, "config.yaml"), JSON.stringify({ version: 0.1, storage, http: { addr: address } }));
  const child = spawn("setpriv", [...bound, "docker-registry", "serve", path.join(dir, "config.yaml")], {
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  await eventually("the registry answers", 30, () => fetch(`http://${address}/v2/`).then(({ ok }) => ok));

  return {
    address,
    async push(repository, tag, content) {
      const at = `http://${address}/v2/${repository}`;
      const config = JSON.stringify({ content });
      const digest = `sha256:${createHash("sha256").update(config).digest("hex")}`;
      const begun = await fetch(`${at}/blobs/uploads/`, { method: "POST" });
      const upload = new URL(begun.headers.get("location") ?? "", at);
      upload.searchParams.set("digest", digest);
      await put(upload, config, "application/octet-stream");
      const blob = { mediaType: "application/vnd.docker.container.image.v1+json", size: config.length, digest };
      const manifest = { schemaVersion: 2, mediaType: manifestType, config: blob, layers: [] };
      const made = await put(new URL(`${at}/manifests/${tag}`), JSON.stringify(manifest), manifestType);
      return made.headers.get("docker-content-digest") ?? "";
    },
    async close() {
      child.kill();
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** @throws if the registry does not take it */
async function put(url: URL, body: string, type: string): Promise<Response> {
  const answer = await fetch(url, { method: "PUT", body, headers: { "content-type": type } });
  if (!answer.ok) throw new Error(`${url.pathname}: HTTP ${answer.status}: ${await answer.text()}`);
  return answer;
}
