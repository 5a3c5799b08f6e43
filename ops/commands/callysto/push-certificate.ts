/** Puts a certificate into a hub: checked here, checked there, private key 0600, Apache reloads. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { receiver } from "../../../components/callysto/guest/certificate.ts";
import { defineCommand } from "../../../cli/command.ts";
import { environmentOptions, openEnvironment, reach } from "../../lib/callysto/environment.ts";

/** Key and chain of a folder that dehydrated wrote. @throws if a file is missing or they do not fit */
export function readCertificate(folder: string, hostname: string, now: Date): { pem: string; until: Date } {
  const read = (name: string): string => {
    const file = path.join(folder, name);
    if (!existsSync(file)) throw new Error(`${file} is missing; the folder must hold privkey.pem and fullchain.pem`);
    return readFileSync(file, "utf8");
  };
  const [key, chain] = [read("privkey.pem"), read("fullchain.pem")];
  const certificate = parsed(() => new X509Certificate(chain), `${folder}/fullchain.pem is not a PEM certificate`);
  const privateKey = parsed(() => createPrivateKey(key), `${folder}/privkey.pem is not a PEM private key`);
  const until = new Date(certificate.validTo);
  if (!certificate.checkPrivateKey(privateKey)) throw new Error(`${folder}: the private key is not the certificate's`);
  if (until <= now) throw new Error(`${folder}: the certificate has expired on ${until.toISOString()}`);
  if (certificate.checkHost(hostname) === undefined) {
    throw new Error(
      `${folder}: the certificate is for ${certificate.subjectAltName ?? certificate.subject}, not for ${hostname}`,
    );
  }
  return { pem: `${key.trimEnd()}\n${chain.trimEnd()}\n`, until };
}

function parsed<T>(parse: () => T, problem: string): T {
  try {
    return parse();
  } catch {
    throw new Error(problem);
  }
}

export const command = defineCommand({
  about: `Installs a certificate on a hub. Copies privkey.pem and fullchain.pem of a folder, as dehydrated writes them, to
/etc/pki/tls/certs/{cert,chain,fullchain}.pem and /etc/pki/tls/private/privkey.pem (0600), and reloads Apache. An expired
certificate, one for another host and a key of another certificate are refused, here and on the hub.`,
  options: {
    ...environmentOptions,
    from: { type: "string", value: "FOLDER", required: true, help: "e.g. letsencrypt/dev/certs/star_callysto_farm" },
    "dry-run": { type: "boolean", help: "only check" },
  },
  async run(values) {
    const hub = await reach(openEnvironment(values, "hub"));
    const { pem, until } = readCertificate(values.from, hub.hostname, new Date());
    const what = `${hub.hostname}: certificate until ${until.toISOString()}`;
    if (values.dryRun) {
      console.log(`would push to ${what}`);
      return 0;
    }
    const said = await hub.run(receiver, [], pem);
    console.log(said.includes("changed:") ? `pushed to ${what}` : `in place already on ${what}`);
    return 0;
  },
});
