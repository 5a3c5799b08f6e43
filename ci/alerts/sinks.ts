/** Where messages go. */
import { mailSink } from "./sinks/mail.ts";
import { matrixSink } from "./sinks/matrix.ts";
import type { Sink } from "./change.ts";
import { slackSink } from "./sinks/slack.ts";

/** The sinks that a job's variables name. @throws if one is named by half */
export function sinksOf(env: NodeJS.ProcessEnv): readonly Sink[] {
  return [slackSink(env), matrixSink(env), mailSink(env)].filter((one) => one !== undefined);
}
