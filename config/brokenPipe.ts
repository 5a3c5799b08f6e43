/** `render | head` closes the pipe before everything is written; which is not an error. */

/**
 * Goes on without output when its reader has gone: what a command is at comes to its end, with locks and temporary files removed,
 * and the exit code says how it ended.
 */
export function goOnWithoutReader(): void {
  const gone = new Set(["EPIPE", "ERR_STREAM_DESTROYED"]);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (!gone.has(error.code ?? "")) throw error;
    });
  }
}
