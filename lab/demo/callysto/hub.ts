/** The hub as its operators see it: a shell in its machine, and Callysto's commands. */
import { X509Certificate, createHash } from "node:crypto";
import { onGuest } from "../../../cli/onGuest.ts";
import type { Run } from "../../pulumi.ts";
import { orrery } from "../stack.ts";
import { type CallystoAtWork, environment, name, source, student } from "./deploy.ts";

/** What a script prints that root runs in the hub. @throws with its errors */
export async function inside(hub: CallystoAtWork, script: string): Promise<string> {
  const { code, stdout, stderr } = await onGuest({ ...hub, user: "ptty2u" }, script);
  if (code !== 0) throw new Error(`in ${hub.hostname}: ${stderr}`);
  return stdout.trim();
}

/** What `orrery callysto` prints for the hub. @throws with its message */
export const callysto = (run: Run, words: readonly string[]): Promise<string> =>
  orrery(run, { name, source }, ["callysto", ...words, "--environment", environment]);

/** Hash of the key that the hub's web server shows, as Chromium takes it; by SSH, whose key the stack knows. */
export async function pin(hub: CallystoAtWork): Promise<string> {
  const certificate = new X509Certificate(await inside(hub, "cat /etc/pki/tls/certs/fullchain.pem"));
  const key = certificate.publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest("base64");
}

/** The command that opens the hub in a browser of this machine. */
export async function chromiumLine(hub: CallystoAtWork): Promise<string> {
  const { hostname, address } = hub;
  const args = [
    `--host-resolver-rules="MAP ${hostname} ${address}"`,
    `--ignore-certificate-errors-spki-list=${await pin(hub)}`,
  ];
  return `chromium --user-data-dir=/tmp/${hostname} ${args.join(" ")} https://${hostname}/jupyter # ${student.name}, ${student.password}`;
}

/** A notebook as it lies in a pupil's home; undefined if it is not there. */
export async function notebook(hub: CallystoAtWork, user: string, file: string): Promise<string | undefined> {
  const text = await inside(hub, `cat "/tank/home/${user}/${file}" 2>/dev/null || true`);
  return text === "" ? undefined : text;
}
