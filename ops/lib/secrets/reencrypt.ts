/** Changes what a stack's secrets are encrypted with, in its file and in its state, by the CLI's own command. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { projectDir } from "../../../config/stackFile.ts";
import { run } from "../process.ts";
import { pulumiProgram, type SystemStack } from "../stack.ts";

type Stack = Pick<SystemStack<unknown>, "name" | "file">;

/** What the CLI takes from where: from one passphrase to another it reads the new one, else it has the only one in its variable. */
interface Passphrases {
  readonly variable: string;
  readonly input: string;
}

/**
 * Runs the CLI on a copy of the file and Pulumi.yaml, because it only finds stack files next to Pulumi.yaml; a failure leaves ours unchanged.
 * @returns the text of the file as the CLI leaves it @throws with the CLI's complaint
 */
export async function changeProvider(
  { name, file }: Stack,
  provider: string,
  passphrases: Passphrases,
): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-"));
  try {
    const copy = path.join(folder, `Pulumi.${name}.yaml`);
    copyFileSync(path.join(projectDir, "Pulumi.yaml"), path.join(folder, "Pulumi.yaml"));
    writeFileSync(copy, readFileSync(file), { mode: 0o600 });
    const args = ["stack", "change-secrets-provider", provider, "--stack", name, "--non-interactive", "--cwd", folder];
    const env = { PULUMI_CONFIG_PASSPHRASE: passphrases.variable };
    const { status, stderr, stdout } = await run(pulumiProgram, args, { input: `${passphrases.input}\n`, env });
    if (status !== 0) {
      const said = `${stderr}${stdout}`.trim().split("\n").at(-1) ?? "";
      throw new Error(`pulumi did not re-encrypt stack ${name}: ${said.replace(/^error: /, "")}; nothing was changed`);
    }
    return readFileSync(copy, "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Whether the backend that one is logged in to has the stack. @throws if one is logged in nowhere */
export async function hasState({ name }: Stack): Promise<boolean> {
  const { status, stdout, stderr } = await run(pulumiProgram, ["stack", "ls", "--json", "--non-interactive"], {
    cwd: projectDir,
  });
  if (status !== 0) {
    throw new Error(`no backend can be asked for the stack's state: ${stderr.trim().replace(/^error: /, "")}`);
  }
  const stacks = JSON.parse(stdout) as readonly { readonly name: string }[];
  return stacks.some((one) => one.name === name || one.name.endsWith(`/${name}`));
}
