import { z } from "zod";

/** An image that a stack names itself. */
export const pinnedImage = z
  .string()
  .regex(/(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$/, "expected an image pinned by tag or digest")
  .describe("Image instead of the table's, e.g. pinned by digest.");

/** Name of a namespace. */
export const namespaceName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "expected a namespace: a-z, 0-9 and inner hyphens");

/** A problem across settings, as the config's rules report it. */
export interface RuleProblem {
  readonly path: string;
  readonly problem: string;
}
