/** A real image registry (Debian's docker-registry) on this machine, which gets images of the lab. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, openAsBlob, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { lab } from "../../../lab/harness/cloud.ts";
import { imageFolders } from "../../../lab/images/build.ts";
import { foreignImages } from "../../../lab/kubernetes/nodes/plan.ts";
import { bound, eventually } from "./celery.ts";
import { freePort } from "../port.ts";

/** A registry that runs. */
export interface Registry {
  /** Host and port, as an image's name begins. */
  readonly address: string;
  /** Pushes an image that the lab has, by its digest. */
  push(repository: string, tag: string, digest: string): Promise<void>;
  close(): Promise<void>;
}

interface Manifest {
  readonly mediaType: string;
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string }[];
}

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
    async push(repository, tag, digest) {
      const at = `http://${address}/v2/${repository}`;
      const folders = [...foreignImages(lab), ...imageFolders()];
      const fileOf = (blob: string): string => {
        const files = folders.map((folder) => path.join(folder, "blobs", "sha256", blob.replace("sha256:", "")));
        return files.find((file) => existsSync(file)) ?? "";
      };
      const manifest = readFileSync(fileOf(digest), "utf8");
      const { mediaType, config, layers } = JSON.parse(manifest) as Manifest;
      for (const blob of [config, ...layers]) {
        const begun = await fetch(`${at}/blobs/uploads/`, { method: "POST" });
        const upload = new URL(begun.headers.get("location") ?? "", at);
        upload.searchParams.set("digest", blob.digest);
        await put(upload, await openAsBlob(fileOf(blob.digest)), "application/octet-stream");
      }
      await put(new URL(`${at}/manifests/${tag}`), manifest, mediaType);
    },
    async close() {
      child.kill();
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** @throws if the registry does not take it */
async function put(url: URL, body: string | Blob, type: string): Promise<void> {
  const answer = await fetch(url, { method: "PUT", body, headers: { "content-type": type } });
  if (!answer.ok) throw new Error(`${url.pathname}: HTTP ${answer.status}: ${await answer.text()}`);
}
