/** `orrery packit inspect-certificate`. */
import { readFileSync } from "node:fs";
import { connect } from "node:tls";
import { defineCommand } from "../../../cli/command.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { UsageError } from "../../../cli/usage.ts";
import { jsonOption } from "../../lib/options.ts";
import { kubectlOptions } from "../../lib/kube/kubectl.ts";
import { namedStack, optionalStackOptions } from "../../lib/stack.ts";
import { certificateFacts } from "../../lib/packit/certificates.ts";
import { openInstance, serviceOptions } from "../../lib/packit/service.ts";

const inspectOptions = {
  ...optionalStackOptions,
  ...serviceOptions,
  ...kubectlOptions,
  host: { type: "string", value: "HOST[:PORT]", help: "ask that server: what its pods really use" },
  warn: { type: "integer", value: "DAYS", min: 0, default: 14, help: "days that should be left" },
  ...jsonOption,
} as const satisfies OptionSpecs;

type InspectValues = ValuesOf<typeof inspectOptions>;

/** The certificate that a server presents, from any issuer. */
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
async function deployed(values: InspectValues): Promise<string> {
  const { kubectl } = await openInstance({ ...values, ...namedStack(values) });
  const { data } = await kubectl.get<{ data?: Record<string, string> }>("secret", "packit-secrets");
  return Buffer.from(data?.["fullchain.pem"] ?? "", "base64").toString();
}

function source(values: InspectValues, file: string | undefined): Promise<string> | string {
  const { host } = values;
  if (host !== undefined) return served(host);
  if (file !== undefined) return readFileSync(file, "utf8");
  if (values.stack !== undefined) return deployed(values);
  throw new UsageError("FILE is missing: name a file, --host or --stack");
}

export const command = defineCommand({
  usage: "[FILE]",
  about: `Shows a certificate's serial number, issuer, names and validity. It is read from a PEM file, from a server with
--host, or from Secret packit-secrets of a stack with --stack. Exit code 1 if it has expired or has fewer days left than --warn.`,
  options: inspectOptions,
  async run(values, [file]) {
    const facts = certificateFacts(await source(values, file), new Date());
    if (values.json) {
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
    return facts.daysLeft < values.warn ? 1 : 0;
  },
});
