import type { Message } from "../change.ts";

/** A place that messages go to. */
export interface Sink {
  readonly name: string;
  /** @throws in one line without the place's secrets if the message was not taken */
  readonly send: (message: Message) => Promise<void>;
}
