/** `orrery completion`. */
import { allCommands } from "../find.ts";
import { defineCommand } from "../command.ts";
import { completionScript } from "../completion.ts";

export const command = defineCommand({
  usage: "bash|zsh|fish",
  about: `Prints the completion of a shell. It completes the word orrery, so say alias orrery="npx orrery" first. Use it in the shell's
start-up file, or write it to a file that the shell loads:

  bash: source <(npx orrery completion bash)
  zsh:  source <(npx orrery completion zsh)
  fish: npx orrery completion fish | source`,
  options: {},
  async run(_, [shell]) {
    console.log(completionScript(shell, await allCommands()));
    return 0;
  },
});
