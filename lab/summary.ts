/** The summary that `npm start` prints: endpoints, and commands to explore the lab. */
import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { openSalt } from "../config/passphrase.ts";
import { stackPassphrase } from "../config/stackPassphrase.ts";
import { readStackFile } from "../config/stackFile.ts";
import { namesFolder, servedHosts } from "./kubernetes/router/router.ts";
import { environment, type Run } from "./pulumi.ts";
import { type LabSettings, root } from "./settings.ts";

interface Outputs {
  readonly callysto?: Readonly<Record<string, { readonly hostname: string; readonly address: string }>>;
}

/** The summary of the test stack on the lab. */
export async function summary(run: Run): Promise<string> {
  const { callysto = {} } = await outputs("test", run);
  const { dir, ports } = run.lab;
  const key = path.relative(root, writeLoginKey("test", run.lab));
  const hosts = Object.values(callysto).flatMap(({ hostname, address }) => [
    `  dig +short @127.0.0.1 -p ${ports.dns} ${hostname} A`,
    `  ssh -i ${key} ptty2u@${address}    # ${hostname}; a new machine is reachable after about a minute`,
  ]);
  // The committed file has neither the lab's password nor other ports than the usual ones.
  const file = `--config-file ${path.relative(root, path.join(dir, "Pulumi.test.yaml"))}`;
  return [
    "",
    "The test stack is up on the lab:",
    `  OpenStack   http://127.0.0.1:${ports.keystone}/v3    Kubernetes   https://127.0.0.1:${ports.kubernetes}`,
    `  state, logs and machines in ${path.relative(root, dir)}/`,
    "",
    "Explore it:",
    '  eval "$(npm run --silent lab -- env)"    # KUBECONFIG, OS_*, PULUMI_*, NODE_EXTRA_CA_CERTS',
    ...hosts,
    "  kubectl get cronjobs,deployments,pods -A",
    `  npx pulumi preview --stack test ${file}`,
    `  npx orrery status --stack test ${file} ${reached(run.lab)}    # --serve 8080: as a page`,
    "  npm run lab -- status",
    ...servedHosts(run.lab).map((host) => `  npm run lab -- browse ${host}`),
    "",
    "Stop it: npm run lab -- down",
  ].join("\n");
}

/** Options by which status sees the lab as it is: its images are not those of the world's registries, nor its hosts where the world's DNS says. */
function reached(lab: LabSettings): string {
  const hosts = path.join(namesFolder(lab), "hosts");
  return existsSync(hosts)
    ? `--hosts-file ${path.relative(root, hosts)} --skip registries`
    : "--skip hosts --skip queues --skip registries";
}

/** The stack's outputs. */
async function outputs(stack: string, run: Run): Promise<Outputs> {
  const pulumi = path.join(root, "node_modules", ".bin", "pulumi");
  const env = { ...process.env, ...environment(run, stack) };
  const { stdout } = await promisify(execFile)(pulumi, ["stack", "output", "--json", "--stack", stack], {
    cwd: root,
    env,
  });
  return JSON.parse(stdout) as Outputs;
}

/** Writes the guests' login key to `ssh_key` in the lab's folder, with the mode 0600 that ssh requires. */
export function writeLoginKey(stack: string, lab: LabSettings): string {
  const { entries, encryptionSalt } = readStackFile(path.join(root, `Pulumi.${stack}.yaml`));
  const crypter = openSalt(encryptionSalt ?? "", stackPassphrase(stack, encryptionSalt));
  const file = path.join(lab.dir, "ssh_key");
  writeFileSync(file, crypter.decrypt(entries.get("callysto:deployPrivateKey")?.value ?? ""), { mode: 0o600 });
  return file;
}
