/**
 * What a hub needs besides Debian's packages, by lock files with checksums (`npm run lock:guests` renews them). An image that has
 * it already saves each new hub the download.
 */
import { readFileSync } from "node:fs";
import path from "node:path";

const locked = (name: string): string => readFileSync(path.join(import.meta.dirname, "locks", name), "utf8");

/** Python environment of the hub, for the Python of Debian 12 on x86-64. */
export const venv = {
  folder: "/opt/jupyterhub",
  lockFile: "/opt/jupyterhub.requirements.txt",
  lock: locked("requirements.txt"),
} as const;

/** Proxy of the hub, an npm package; 5.1 is the last for Debian 12's Node 18. */
export const proxyPackage = {
  folder: "/opt/configurable-http-proxy",
  manifest: locked("package.json"),
  lock: locked("package-lock.json"),
} as const;
