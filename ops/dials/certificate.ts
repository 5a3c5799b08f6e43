/** How long the grid certificate is still good: without it indexing stops silently. */
import { readFileSync } from "node:fs";
import { validity } from "../../components/dials/certificate.ts";
import { dialsSchema } from "../../components/dials/config.ts";
import { certificateFiles } from "../../components/dials/gridCertificate.ts";
import { type Command, text, UsageError } from "../command.ts";
import { Kubectl, kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { openStack, stackHelp, stackOptions } from "../lib/stack.ts";

export const command: Command = {
  help: `Usage: npm run ops -- dials certificate --stack S [--warn DAYS] [--json]
       npm run ops -- dials certificate --file usercert.pem

Says until when the robot certificate for DBS is valid: the one that runs, or one in a file. Exit code 1 when it has expired
or has fewer days left than --warn. To renew: ca.cern.ch as the service account, then
npx pulumi config set --stack S --secret dials:gridCertificate < usercert.pem, dials:gridKey < userkey.pem, npx pulumi up.

${stackHelp}
${kubectlHelp}
  --file F           a certificate that is not deployed yet
  --warn DAYS        days that should be left (default 30)
  --json             the answer as JSON`,
  options: {
    ...stackOptions,
    ...kubectlOptions,
    file: { type: "string" },
    warn: { type: "string" },
    json: { type: "boolean" },
  },
  async run({ values }) {
    const warn = Number(text(values, "warn") ?? "30");
    if (!Number.isInteger(warn) || warn < 0)
      throw new UsageError(`--warn is "${text(values, "warn") ?? ""}"; give a number of days`);
    const file = text(values, "file");
    const { until, daysLeft } = readValidity(file === undefined ? await deployed(values) : readFileSync(file, "utf8"));
    if (values.json === true) {
      console.log(JSON.stringify({ until: until.toISOString(), daysLeft }));
    } else {
      const date = until.toISOString().slice(0, 10);
      console.log(
        daysLeft < 0
          ? `the grid certificate expired on ${date}`
          : `the grid certificate is valid until ${date}, ${daysLeft} days more`,
      );
    }
    return daysLeft < Math.max(warn, 0) ? 1 : 0;
  },
};

/** The certificate in the cluster. */
async function deployed(values: Parameters<Command["run"]>[0]["values"]): Promise<string> {
  const { settings } = openStack(dialsSchema, values);
  const secret = await new Kubectl(settings.namespace.name, values).get<{ data?: Record<string, string> }>(
    "secret",
    "dials-grid-certificate",
  );
  return Buffer.from(secret.data?.[certificateFiles.certificate] ?? "", "base64").toString();
}

function readValidity(pem: string): ReturnType<typeof validity> {
  try {
    return validity(pem, new Date());
  } catch {
    throw new Error("that is no PEM certificate (-----BEGIN CERTIFICATE-----)");
  }
}
