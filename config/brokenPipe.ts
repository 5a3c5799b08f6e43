/** `render | head` closes the pipe before everything is written; which is not an error. */

/** Ends the process quietly when the reader of its output has gone. */
export function exitOnBrokenPipe(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
}
