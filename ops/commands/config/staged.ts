/** `orrery config staged`. */
import { defineCommand } from "../../../cli/command.ts";
import { plainSecrets } from "../../../config/plainSecrets.ts";
import { projectDir } from "../../../config/stackFile.ts";
import { output } from "../../lib/process.ts";

export const command = defineCommand({
  about: `Refuses a secret in clear in the stack files that are staged for a commit, as they are in git's index. Git's hook pre-commit
runs it after npm run hooks. A key that is not encrypted counts, and so does text that looks like a private key or a token, in settings and
in comments.`,
  options: {},
  async run() {
    const git = (...args: readonly string[]): Promise<string> => output("git", args, { cwd: projectDir });
    const named = await git("diff", "--cached", "--name-only", "--diff-filter=d", "-z", "--", "Pulumi.*.yaml");
    const found: string[] = [];
    for (const file of named.split("\0").filter((name) => name !== ""))
      found.push(...plainSecrets(await git("show", `:${file}`)).map((one) => `${file}: ${one}`));
    if (found.length === 0) return 0;
    throw new Error(
      `nothing was committed, as everybody could read\n${found.map((one) => `  ${one}`).join("\n")}\nA secret that was in clear anywhere else should be replaced where it is used.`,
    );
  },
});
