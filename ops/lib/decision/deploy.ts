/** The most common decision: other settings or secrets in the stack's file, and an update. */
import type { FileChange, SystemStack } from "../stack.ts";
import { type About, decide } from "./decide.ts";

interface Deployment extends About {
  readonly change: FileChange;
  /** URNs whose protection is lifted for the update. @default none */
  readonly lift?: readonly string[];
  readonly yes: boolean;
  /** More words for `pulumi up`. */
  readonly words?: readonly string[];
}

/** Changes the file and deploys; without a successful update the file is what it was. @returns the engine's exit code */
export function changeAndDeploy(
  stack: Pick<SystemStack<unknown>, "name" | "file">,
  { change, lift = [], yes, words, ...about }: Deployment,
): Promise<number> {
  return decide(stack, about, async (decision) => {
    if (lift.length > 0) await decision.lift(lift);
    decision.change(change);
    return decision.run("up", yes, words);
  });
}
