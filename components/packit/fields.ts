/** Fields of the settings of Packit and Stream. */
import { z } from "zod";
import { namespaceName } from "../../config/fields.ts";

export const replicas = z.int().min(0).max(20);
export const baseUrl = z.url().endsWith("/", "expected a URL that ends with /: paths are appended to it");

/** What a stack may say about an image. */
export const image = z.strictObject({
  repository: z
    .string()
    .regex(/^[a-z0-9.-]+(:\d+)?(\/[\w.-]+)+$/, "expected registry and name without tag")
    .optional(),
  tag: z
    .string()
    .regex(/^(?!latest$)\w[\w.-]{0,127}$/, "expected a tag other than latest")
    .optional(),
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, "expected a digest, sha256: and 64 hex digits, as the registry shows it")
    .optional()
    .describe("Pins the image; nothing that is imported later moves it."),
});

/** A project, and who makes it. */
export const namespace = z.strictObject({
  name: namespaceName,
  create: z.boolean().default(true).describe("Off where someone else creates the project."),
});

/** Major versions of PostgreSQL that there is an image of. */
export const postgresVersions = ["12", "13", "15", "16"] as const;
