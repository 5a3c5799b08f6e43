/** How nodes and the API server prove who they are: a token a node and for kube-proxy, a client certificate towards kubelets. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { runToFile } from "../../process.ts";
import type { LabSettings } from "../../settings.ts";
import { files } from "../files.ts";
import { realNodes } from "./plan.ts";

/** Common name of the API server's certificate, the only one that its authority has signed. */
export const apiServerName = "apiserver";

/** Files and secrets of one lab. */
export interface NodeCredentials {
  /** File of the authority that kubelets trust. */
  readonly authority: string;
  /** Files of the API server's certificate towards kubelets, and its key. */
  readonly certificate: string;
  readonly key: string;
  readonly proxyToken: string;
  /** By the node's name. */
  readonly nodeTokens: ReadonlyMap<string, string>;
}

const folderOf = (lab: LabSettings): string => path.join(files(lab).data, "nodes");

const tokenFile = (lab: LabSettings, name: string): string => path.join(folderOf(lab), `${name}.token`);

/** Whether a node has no credentials yet; the API server reads them at its start. */
export const lacksCredentials = (lab: LabSettings): boolean =>
  realNodes(lab).some(({ name }) => !existsSync(tokenFile(lab, name)));

/** The credentials, once {@link makeCredentials} has made them. */
export function nodeCredentials(lab: LabSettings): NodeCredentials {
  const folder = folderOf(lab);
  const token = (name: string): string => readFileSync(tokenFile(lab, name), "utf8");
  return {
    ...certificateFiles(folder),
    proxyToken: token("proxy"),
    nodeTokens: new Map(realNodes(lab).map(({ name }) => [name, token(name)])),
  };
}

/** Lines of the API server's token file: token, user, uid, groups. */
export function tokenLines(lab: LabSettings): string[] {
  const { proxyToken, nodeTokens } = nodeCredentials(lab);
  return [
    `${proxyToken},system:kube-proxy,proxy,system:node-proxier`,
    ...[...nodeTokens].map(([name, token]) => `${token},system:node:${name},${name},system:nodes`),
  ];
}

function certificateFiles(folder: string): Pick<NodeCredentials, "authority" | "certificate" | "key"> {
  const file = (name: string): string => path.join(folder, name);
  return { authority: file("ca.crt"), certificate: file("apiserver.crt"), key: file("apiserver.key") };
}

/** Writes the missing credentials. @throws if openssl fails, naming its log */
export async function makeCredentials(lab: LabSettings): Promise<void> {
  const folder = folderOf(lab);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of ["proxy", ...realNodes(lab).map((node) => node.name)]) {
    const file = tokenFile(lab, name);
    if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString("hex"), { mode: 0o600 });
  }
  const { certificate } = certificateFiles(folder);
  if (existsSync(certificate)) return;
  mkdirSync(path.join(lab.dir, "log"), { recursive: true });
  await runToFile("sh", ["-euc", sign, "sign", folder], path.join(lab.dir, "log", "certificates.log"));
  renameSync(path.join(folder, "apiserver.new"), certificate);
}

/** An authority whose key is not kept, and the API server's certificate; the certificate comes last. */
const sign = `
  cd "$1"; umask 077
  new_key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
  openssl req -x509 $new_key -days 3650 -keyout ca.key -out ca.crt -subj /CN=orrery-lab
  openssl req $new_key -keyout apiserver.key -out apiserver.csr -subj /O=system:masters/CN=${apiServerName}
  echo extendedKeyUsage=clientAuth >extensions
  openssl x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -extfile extensions -in apiserver.csr -out apiserver.new
  rm -f ca.key ca.srl apiserver.csr extensions`;
