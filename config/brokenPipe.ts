/** `render | head` closes the pipe before everything is written; that is no error of the command. */

/** Ends the process quietly when the reader of its output has gone. */
export function exitOnBrokenPipe(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
}
