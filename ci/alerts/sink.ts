/** Where messages go. */
import type { Message } from "./change.ts";
import { mailSink } from "./sinks/mail.ts";
import { matrixSink } from "./sinks/matrix.ts";
import { slackSink } from "./sinks/slack.ts";

/** A place for messages. */
export interface Sink {
  readonly name: string;
  /** @throws in one line without the place's secrets if the message was not taken */
  readonly send: (message: Message) => Promise<void>;
}

/** The sinks that a job's variables name. @throws if one is named by half */
export function sinksOf(env: NodeJS.ProcessEnv): readonly Sink[] {
  return [slackSink(env), matrixSink(env), mailSink(env)].filter((one) => one !== undefined);
}
