/** The command line is not one that the command understands; exit code 2. */
export class UsageError extends Error {}
