/** `orrery thoth rotate-dgraph-certificates`. */
import type { z } from "zod";
import { thothSchema } from "../../../components/thoth/config.ts";
import { defineCommand } from "../../../cli/command.ts";
import { replaced } from "../../lib/thoth/dgraphCertificates.ts";
import { jsonOption, yesOption } from "../../lib/options.ts";
import { openProgram, type Program } from "../../lib/program.ts";
import { pulumiUp } from "../../lib/pulumi.ts";
import { stackOptions } from "../../lib/stack.ts";

type ThothProgram = Program<z.infer<typeof thothSchema.settings>>;

/** Steps for certificates that are supplied. */
const byHand = (stack: string, names: readonly string[]): string => `Dgraph's certificates of ${stack} are supplied:
  1. dgraph cert --force -n ${names.join(",")} -c user
  2. for each of ca.crt, node.crt, node.key, client.user.crt, client.user.key in tls/:
     npx pulumi config set --stack ${stack} --secret thoth:dgraphCaCrt < tls/ca.crt, then thoth:dgraphNodeCrt, thoth:dgraphNodeKey,
     thoth:dgraphClientUserCrt, thoth:dgraphClientUserKey
  3. npx pulumi up --stack ${stack}`;

/** Public and inner names of the data servers, as the Routes and Services are declared. */
function serverNames({ resources, settings }: ThothProgram): readonly string[] {
  const namespace = settings.dgraph?.namespace ?? "";
  const routes = resources.flatMap(({ inputs }) => {
    const { kind, spec } = inputs as { kind?: string; spec?: { host?: string; to?: { name?: string } } };
    return kind === "Route" && spec?.to?.name === "alpha-public" && spec.host !== undefined ? [spec.host] : [];
  });
  return [...routes, `alpha-public.${namespace}.svc`, `*.alpha.${namespace}.svc.cluster.local`, "localhost"];
}

export const command = defineCommand({
  about: `Replaces Dgraph's certificates before they expire. Replaces the certificates of the servers and of the client user, and deploys;
the data servers and this program's clients roll. Clients in other programs pick them up at a restart. Supplied certificates are
replaced by hand: the steps are printed.`,
  options: {
    ...stackOptions,
    keys: { type: "boolean", help: "replace the keys, too" },
    authority: {
      type: "boolean",
      help:
        "replace the authority, too: clients with old certificates can then no longer connect; it is protected, so set " +
        "dgraph.protect to false and deploy before",
    },
    ...yesOption,
    "dry-run": { type: "boolean", help: "change nothing, say what would be replaced" },
    ...jsonOption,
  },
  async run(values) {
    const program = await openProgram(thothSchema, values);
    const { dgraph } = program.settings;
    if (dgraph === undefined) throw new Error(`thoth:settings of Pulumi.${program.name}.yaml has no dgraph`);
    if (dgraph.certificates.mode === "supplied") {
      console.log(byHand(program.name, serverNames(program)));
      return 0;
    }
    const urns = replaced(program, values.keys, values.authority);
    if (values.json) {
      console.log(JSON.stringify({ stack: program.name, replace: urns, dryRun: values.dryRun }, undefined, 2));
    } else {
      const verb = values.dryRun ? "would replace" : "replacing";
      console.log(`${verb} ${urns.map((urn) => urn.split("::").at(-1)).join(", ")}`);
    }
    return values.dryRun
      ? 0
      : pulumiUp(
          program,
          values.yes,
          urns.flatMap((urn) => ["--replace", urn]),
        );
  },
});
