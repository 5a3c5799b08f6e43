/**
 * What becomes of the program when the engine ends before it. An update that fails ends at once, whatever the program still asks; those
 * calls then fail too, and the SDK would print each with a stack trace, as the engine that it reports to is gone.
 */

/** Words of calls that failed because the engine or its connection to a plugin was closing. */
const closing =
  /client connection is closing|Resource monitor is terminating|Channel has been shut down|UNAVAILABLE: No connection established/;

function onError(error: unknown): void {
  // The engine has said why it ends.
  if (error instanceof Error && closing.test(error.message)) process.exit(1);
}

/** To be called before anything is registered; again it does nothing. */
export function endWithEngine(): void {
  // The SDK's own listeners are there under the engine only; ours alone would keep every other error from ending the process.
  if (process.listenerCount("uncaughtException") === 0 || process.listenerCount("unhandledRejection") === 0) return;
  if (process.rawListeners("uncaughtException").includes(onError)) return;
  process.prependListener("uncaughtException", onError);
  process.prependListener("unhandledRejection", onError);
}
