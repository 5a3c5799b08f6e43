/** Shows serial number, issuer and validity of a certificate: of a file, of the cluster, or as it is served. */
import { readFileSync } from "node:fs";
import { connect } from "node:tls";
import { type Command, text, UsageError, type Values } from "../command.ts";
import { kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { stackHelp, stackOptions } from "../lib/stack.ts";
import { certificateFacts } from "./certificates.ts";
import { openInstance, serviceHelp, serviceOptions } from "./instance.ts";

/** The certificate that a server shows, whoever issued it. */
function served(address: string): Promise<string> {
  const [host = "", port = "443"] = address.split(":");
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), servername: host, rejectUnauthorized: false, timeout: 10_000 });
    socket.once("secureConnect", () => {
      const { raw } = socket.getPeerCertificate();
      socket.end();
      resolve(`-----BEGIN CERTIFICATE-----\n${raw.toString("base64")}\n-----END CERTIFICATE-----\n`);
    });
    socket.once("timeout", () => socket.destroy(new Error("no answer in 10 s")));
    socket.once("error", (error: Error) => {
      reject(new Error(`${address} shows no certificate: ${error.message}`));
    });
  });
}

/** The certificate in the cluster's Secret. */
async function deployed(values: Values): Promise<string> {
  const { kubectl } = await openInstance(values);
  const { data } = await kubectl.get<{ data?: Record<string, string> }>("secret", "packit-secrets");
  return Buffer.from(data?.["fullchain.pem"] ?? "", "base64").toString();
}

function source(values: Values, file: string | undefined): Promise<string> | string {
  const host = text(values, "host");
  if (host !== undefined) return served(host);
  if (file !== undefined) return readFileSync(file, "utf8");
  if (text(values, "stack") !== undefined) return deployed(values);
  throw new UsageError("which certificate? name a file, --host or --stack");
}

export const command: Command = {
  help: `Usage: npm run ops -- packit inspect-certificate FILE
       npm run ops -- packit inspect-certificate --host HOST[:PORT]
       npm run ops -- packit inspect-certificate --stack S

Shows a certificate's serial number, issuer, names and validity: of a PEM file, as a server shows it, or the one that is deployed
(Secret packit-secrets). Exit code 1 when it has expired or has fewer days left than --warn.

  --host H           ask the server: what its pods really use
${stackHelp}
${serviceHelp}
${kubectlHelp}
  --warn DAYS        days that should be left (default 14)
  --json             the facts as JSON`,
  options: {
    ...stackOptions,
    ...serviceOptions,
    ...kubectlOptions,
    host: { type: "string" },
    warn: { type: "string" },
    json: { type: "boolean" },
  },
  async run({ values, words: [file] }) {
    const warn = Number(text(values, "warn") ?? "14");
    if (!Number.isInteger(warn) || warn < 0)
      throw new UsageError(`--warn is "${text(values, "warn") ?? ""}"; give days`);
    const facts = certificateFacts(await source(values, file), new Date());
    if (values.json === true) {
      console.log(JSON.stringify(facts, undefined, 2));
    } else {
      console.log(`Serial Number (hex): ${facts.serial}
Issuer: ${facts.issuer}
Subject: ${facts.subject}
Names: ${facts.names.join(", ")}
Validity:
  Not Before: ${facts.notBefore.toUTCString()}
  Not After: ${facts.notAfter.toUTCString()} (${facts.daysLeft < 0 ? "expired" : `${facts.daysLeft} days more`})
Certificates in the chain: ${facts.chain}`);
    }
    return facts.daysLeft < Math.max(warn, 0) ? 1 : 0;
  },
};
