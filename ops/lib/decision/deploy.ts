/** The most common decision: other settings or secrets in the stack's file, and an update. */
import type { FileChange, SystemStack } from "../stack.ts";
import { type About, decide } from "./decide.ts";

interface Deployment extends About {
  readonly change: FileChange;
  readonly yes: boolean;
  /** More words for `pulumi up`. */
  readonly words?: readonly string[];
}

/** Changes the file and deploys; without a successful update the file is what it was. @returns the engine's exit code */
export function changeAndDeploy(
  stack: Pick<SystemStack<unknown>, "name" | "file">,
  { change, yes, words, ...about }: Deployment,
): Promise<number> {
  return decide(stack, about, (decision) => {
    decision.change(change);
    return decision.run("up", yes, words);
  });
}
