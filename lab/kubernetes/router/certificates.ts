/** The lab's authority, and the router's certificates by it. */
import { execFile } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { LabSettings } from "../../settings.ts";
import { files } from "../files.ts";

const execute = promisify(execFile);

const folderOf = (lab: LabSettings): string => path.join(files(lab).data, "router");

/** File of the authority's certificate, which pods, curl and the lab's browser trust. */
export const authorityFile = (lab: LabSettings): string => path.join(folderOf(lab), "authority.crt");

/** SHA-256 of the authority's public key in base64, as browsers pin it. */
export function authorityPin(lab: LabSettings): string {
  const { publicKey } = new X509Certificate(readFileSync(authorityFile(lab)));
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("base64");
}

/** Makes the authority if the lab has none; its key stays in the lab's folder. @throws with openssl's message */
export async function makeAuthority(lab: LabSettings): Promise<void> {
  if (existsSync(authorityFile(lab))) return;
  mkdirSync(folderOf(lab), { recursive: true, mode: 0o700 });
  await openssl(
    lab,
    `
    openssl req -x509 $new_key -days 3650 -keyout authority.key -out authority.new -subj "/CN=Orrery's lab $1" \\
      -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign`,
    [String(lab.firstPort)],
  );
  const made = path.join(folderOf(lab), "authority.new");
  chmodSync(made, 0o644); // containers of any user read it
  renameSync(made, authorityFile(lab));
}

/** Days that a certificate is valid; browsers take no longer ones. */
const days = 397;

/**
 * File with a host's certificate, the authority's and the key, made when it is missing or near its end.
 * @param others - further hosts of the certificate
 */
export async function certificateFor(lab: LabSettings, host: string, others: readonly string[] = []): Promise<string> {
  const file = path.join(folderOf(lab), `${host.replace("*", "_")}.pem`);
  if (existsSync(file) && endOf(file) > Date.now() + 30 * 86_400_000) return file;
  await openssl(
    lab,
    `
    openssl req $new_key -keyout "$1.key" -out "$1.csr" -subj /CN=lab
    printf 'subjectAltName=%s\\nextendedKeyUsage=serverAuth,clientAuth\\nbasicConstraints=CA:FALSE\\n' "$2" >"$1.extensions"
    openssl x509 -req -CA authority.crt -CAkey authority.key -set_serial "0x$(openssl rand -hex 16)" \\
      -days ${days} -extfile "$1.extensions" -in "$1.csr" -out "$1.crt"
    cat "$1.crt" authority.crt "$1.key" >"$1.new"
    rm "$1.key" "$1.csr" "$1.crt" "$1.extensions"`,
    [file, [host, ...others].map((name) => `DNS:${name}`).join(",")],
  );
  renameSync(`${file}.new`, file);
  return file;
}

const endOf = (file: string): number => new Date(new X509Certificate(readFileSync(file)).validTo).getTime();

async function openssl(lab: LabSettings, script: string, args: readonly string[]): Promise<void> {
  const start = 'set -eu; umask 077; new_key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"';
  await execute("sh", ["-c", `${start}\n${script}`, "certificates", ...args], { cwd: folderOf(lab) });
}
