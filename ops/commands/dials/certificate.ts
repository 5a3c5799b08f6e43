/** `orrery dials certificate`. */
import { readFileSync } from "node:fs";
import { validity } from "../../../components/dials/certificate.ts";
import { dialsSchema } from "../../../components/dials/config.ts";
import { certificateFiles } from "../../../components/dials/gridCertificate.ts";
import { defineCommand } from "../../../cli/command.ts";
import type { ValuesOf } from "../../../cli/options.ts";
import { jsonOption } from "../../lib/options.ts";
import { Kubectl, kubectlOptions, type KubectlValues } from "../../lib/kube/kubectl.ts";
import { namedStack, openStack, optionalStackOptions } from "../../lib/stack.ts";

export const command = defineCommand({
  about: `Shows until when the robot certificate for DBS is valid: the deployed one, or one in a file. Exit code 1 if it has expired or has fewer
days left than --warn; indexing stops silently without it. To renew it: ca.cern.ch as the service account, then npx pulumi config
set --stack S --secret dials:gridCertificate < usercert.pem, dials:gridKey < userkey.pem, npx pulumi up.`,
  options: {
    ...optionalStackOptions,
    ...kubectlOptions,
    file: { type: "string", value: "FILE", help: "a certificate that is not deployed yet" },
    warn: { type: "integer", value: "DAYS", min: 0, default: 30, help: "days that should be left" },
    ...jsonOption,
  },
  async run(values) {
    const { file, warn } = values;
    const { until, daysLeft } = readValidity(file === undefined ? await deployed(values) : readFileSync(file, "utf8"));
    if (values.json) {
      console.log(JSON.stringify({ until: until.toISOString(), daysLeft }));
    } else {
      const date = until.toISOString().slice(0, 10);
      console.log(
        daysLeft < 0
          ? `the grid certificate expired on ${date}`
          : `the grid certificate is valid until ${date}, ${daysLeft} days more`,
      );
    }
    return daysLeft < warn ? 1 : 0;
  },
});

/** The certificate in the cluster. */
async function deployed(values: ValuesOf<typeof optionalStackOptions> & KubectlValues): Promise<string> {
  const { settings } = openStack(dialsSchema, namedStack(values));
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
    throw new Error("that is not a PEM certificate (-----BEGIN CERTIFICATE-----)");
  }
}
