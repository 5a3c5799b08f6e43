/** How a browser of this machine, or curl, opens what the lab's router serves: the real names lead to the lab, and nothing else does. */
import { existsSync } from "node:fs";
import path from "node:path";
import { authorityFile, authorityPin } from "./kubernetes/router/certificates.ts";
import { knownHosts, servedHosts } from "./kubernetes/router/router.ts";
import { realNodes } from "./kubernetes/nodes/plan.ts";
import type { LabSettings } from "./settings.ts";

/** A page that the router serves, or a Service with an address of its own. */
export interface Page {
  readonly url: URL;
  readonly address: string;
}

/**
 * The page of an address as somebody types it: `HOST`, `HOST/PATH` or a URL; the first words of a host do where no other has them.
 * @throws if the lab serves no such host or several, with those that it serves
 */
export function pageAt(lab: LabSettings, typed: string): Page {
  if (realNodes(lab).length === 0) {
    throw new Error(
      "this lab simulates its nodes, so no program answers; after npm run lab -- down --wipe, npm start runs them",
    );
  }
  const text = /^https?:\/\//.test(typed) ? typed : `https://${typed}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const known = knownHosts(lab);
  const host = url === undefined ? undefined : meant(url.hostname, [...known.keys()]);
  const address = known.get(host ?? "");
  if (url === undefined || host === undefined || address === undefined) {
    const hosts = servedHosts(lab);
    const there = hosts.length === 0 ? "no Route or Ingress exists" : `there are ${hosts.join(", ")}`;
    throw new Error(`the lab's router does not serve ${typed}; ${there}`);
  }
  url.hostname = host;
  return { url, address };
}

/** `deck` for `deck.prowdeploy.ci`. */
function meant(typed: string, hosts: readonly string[]): string | undefined {
  if (hosts.includes(typed)) return typed;
  const [first, ...others] = hosts.filter((host) => host.startsWith(`${typed}.`));
  return others.length === 0 ? first : undefined;
}

/** The line that fetches a page, for a shell. */
export function curlLine(lab: LabSettings, { url, address }: Page): string {
  const port = url.protocol === "https:" ? 443 : 80;
  return `curl --resolve ${url.hostname}:${port}:${address} --cacert ${authorityFile(lab)} ${url.href}`;
}

/** A Chromium of this machine; undefined if there is none. */
export function chromium(searchPath = process.env.PATH ?? ""): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const files = names.flatMap((name) => searchPath.split(":").map((folder) => path.join(folder, name)));
  return files.find((file) => existsSync(file));
}

/** Chromium's arguments for a page: a profile of its own, the lab's hosts at their addresses, the lab's authority trusted. */
export function chromiumArgs(lab: LabSettings, { url }: Page): string[] {
  const rules = [...knownHosts(lab)].map(([host, address]) => `MAP ${host} ${address}`);
  return [
    `--user-data-dir=${path.join(lab.dir, "browser")}`,
    `--host-resolver-rules=${rules.join(",")}`,
    `--ignore-certificate-errors-spki-list=${authorityPin(lab)}`,
    "--no-first-run",
    // Chromium refuses to run as root with its sandbox.
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    url.href,
  ];
}
