/** Puts a certificate into a hub: checked here, checked there, private key 0600, Apache reloads. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { receiver } from "../../components/callysto/guest/certificate.ts";
import { type Command, text, UsageError } from "../command.ts";
import { environmentHelp, environmentOptions, openEnvironment, reach } from "./environment.ts";

/** Key and chain of a folder that dehydrated wrote. @throws if a file is missing or they do not fit */
export function readCertificate(folder: string, hostname: string, now: Date): { pem: string; until: Date } {
  const read = (name: string): string => {
    const file = path.join(folder, name);
    if (!existsSync(file)) throw new Error(`${file} is missing; the folder must hold privkey.pem and fullchain.pem`);
    return readFileSync(file, "utf8");
  };
  const [key, chain] = [read("privkey.pem"), read("fullchain.pem")];
  const certificate = parsed(() => new X509Certificate(chain), `${folder}/fullchain.pem is no PEM certificate`);
  const privateKey = parsed(() => createPrivateKey(key), `${folder}/privkey.pem is no PEM private key`);
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

export const command: Command = {
  help: `Usage: npm run ops -- callysto push-certificate --from FOLDER --stack S [--environment E] [--dry-run]

Takes privkey.pem and fullchain.pem of a folder, as dehydrated writes them, to a hub:
/etc/pki/tls/certs/{cert,chain,fullchain}.pem and /etc/pki/tls/private/privkey.pem (0600), and reloads Apache. Refused, here
and in the hub: an expired certificate, one for another host, a key that is another certificate's.

${environmentHelp}
  --from FOLDER      e.g. letsencrypt/dev/certs/star_callysto_farm
  --dry-run          only check`,
  options: { ...environmentOptions, from: { type: "string" }, "dry-run": { type: "boolean" } },
  async run({ values }) {
    const folder = text(values, "from");
    if (folder === undefined) throw new UsageError("which certificate? name its folder by --from");
    const hub = await reach(openEnvironment(values, "hub"));
    const { pem, until } = readCertificate(folder, hub.hostname, new Date());
    const what = `${hub.hostname}: certificate until ${until.toISOString()}`;
    if (values["dry-run"] === true) {
      console.log(`would push to ${what}`);
      return 0;
    }
    const said = await hub.run(receiver, [], pem);
    console.log(said.includes("changed:") ? `pushed to ${what}` : `in place already on ${what}`);
    return 0;
  },
};
