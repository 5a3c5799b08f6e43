import * as pulumi from "@pulumi/pulumi";

/**
 * The error by which the program refuses what a cloud told it. Pulumi prints a RunError without its stack trace, but only
 * until the program's body has ended; what comes later, from an output, it prints as `stack`: so that is the message too.
 */
export function cloudError(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message);
  error.stack = message;
  return error;
}
