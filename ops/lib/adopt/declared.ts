/** What a stack declares, with its own secrets: the program's own evaluation, asking nobody but who is asked here. */
import { readStackFile } from "../../../config/stackFile.ts";
import type { Call, NewResource } from "../../../review/evaluate/outputs.ts";
import type { LiveResource, Recording } from "../../../review/evaluate/record.ts";
import { runProgram } from "../../../review/evaluate/render.ts";
import type { StackSecrets } from "../secrets/stackSecrets.ts";

/** What is there already, for a program that is evaluated. */
export interface World {
  readonly live: (resource: NewResource, provider: string) => LiveResource | undefined;
  readonly answer: (call: Call) => Record<string, unknown> | undefined;
}

/** Evaluates the stack's program. @throws what it throws, e.g. every problem of the config */
export function evaluate({ name, file, crypter }: StackSecrets, world: Partial<World> = {}): Promise<Recording> {
  const config = new Map(
    [...readStackFile(file).entries].map(([key, { value, secret }]) => {
      return [key, { secret, value: secret ? crypter.decrypt(value) : value }] as const;
    }),
  );
  return runProgram({ stack: name, config, ...world });
}
