/** Makes Dgraph's certificates anew before their time. */
import { spawn } from "node:child_process";
import path from "node:path";
import type { z } from "zod";
import { thothSchema } from "../../components/thoth/config.ts";
import { projectDir } from "../../config/stackFile.ts";
import type { Command } from "../command.ts";
import { openProgram, type Program } from "../lib/program.ts";
import { stackHelp, stackOptions } from "../lib/stack.ts";

const help = `Usage: npm run ops -- thoth rotate-dgraph-certificates --stack S [--keys] [--authority] [--dry-run] [--yes] [--json]

Replaces the certificates of Dgraph's servers and of the client user, and deploys; the data servers and this program's clients
roll. Clients in other programs take the new ones by a restart. Certificates that are supplied are made by hand: what to do is printed.

${stackHelp}
  --keys             make new keys, too
  --authority        make a new authority, too: clients with old certificates are then not understood any more; it is protected,
                     so set dgraph.protect to false and deploy before
  --yes              do not ask before deploying
  --dry-run          change nothing, say what would be replaced
  --json             say it as JSON`;

type ThothProgram = Program<z.infer<typeof thothSchema.settings>>;

/** URNs of what is to be replaced. */
export function replaced(
  { resources }: Pick<ThothProgram, "resources">,
  keys: boolean,
  authority: boolean,
): readonly string[] {
  return resources
    .filter(({ type, name }) => {
      if (!type.startsWith("tls:")) return false;
      const ofAuthority = /-certificates-ca(-key)?$/.test(name);
      const isKey = type.endsWith(":PrivateKey");
      if (ofAuthority) return authority && (!isKey || keys);
      return type.endsWith(":LocallySignedCert") || (keys && isKey);
    })
    .map(({ urn }) => urn);
}

/** What to do about certificates that somebody else makes. */
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

export const command: Command = {
  help,
  options: {
    ...stackOptions,
    keys: { type: "boolean" },
    authority: { type: "boolean" },
    yes: { type: "boolean" },
    "dry-run": { type: "boolean" },
    json: { type: "boolean" },
  },
  async run({ values }) {
    const program = await openProgram(thothSchema, values);
    const { dgraph } = program.settings;
    if (dgraph === undefined) throw new Error(`thoth:settings of Pulumi.${program.name}.yaml has no dgraph`);
    if (dgraph.certificates.mode === "supplied") {
      console.log(byHand(program.name, serverNames(program)));
      return 0;
    }
    const urns = replaced(program, values.keys === true, values.authority === true);
    if (values.json === true) {
      console.log(
        JSON.stringify({ stack: program.name, replace: urns, dryRun: values["dry-run"] === true }, undefined, 2),
      );
    } else {
      const verb = values["dry-run"] === true ? "would replace" : "replacing";
      console.log(`${verb} ${urns.map((urn) => urn.split("::").at(-1)).join(", ")}`);
    }
    return values["dry-run"] === true ? 0 : up(program, urns, values.yes === true);
  },
};

function up({ name, file }: ThothProgram, urns: readonly string[], yes: boolean): Promise<number> {
  const args = ["up", "--stack", name, "--config-file", file, ...urns.flatMap((urn) => ["--replace", urn])];
  return new Promise((resolve, reject) => {
    const child = spawn(path.join(projectDir, "node_modules", ".bin", "pulumi"), [...args, ...(yes ? ["--yes"] : [])], {
      cwd: projectDir,
      stdio: "inherit",
    });
    child.on("error", reject);
    child.on("exit", (code) => {
      resolve(code ?? 1);
    });
  });
}
