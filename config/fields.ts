/** Fields that several systems' settings have; each takes what Kubernetes takes. */
import { Cron } from "croner";
import { z } from "zod";
import { deployedImage } from "./image.ts";

const factors: Readonly<Record<string, number>> = {
  ...{ m: 1e-3, "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/**
 * A Kubernetes quantity as a number: bytes, or cores for processors.
 * Source: the grammar of apimachinery's resource.Quantity. @throws if the text is not a quantity
 */
export function quantityOf(text: string): number {
  const [, number, exponent, suffix = ""] =
    /^\+?(\d+\.?\d*|\.\d+)(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(text) ?? [];
  const factor = suffix === "n" ? 1e-9 : suffix === "u" ? 1e-6 : factors[suffix];
  if (number === undefined || factor === undefined) throw new Error(`"${text}" is not a quantity`);
  return Number(`${number}${exponent ?? ""}`) * factor;
}

function isQuantity(text: string, least: number): boolean {
  try {
    return quantityOf(text) >= least;
  } catch {
    return false;
  }
}

/** Memory or storage, at least a byte: `1500M`, `0.5Gi`, `500Ki`. */
export const quantity = z
  .string()
  .refine((text) => isQuantity(text, 1), "expected a quantity of bytes such as 512Mi, 1.5Gi or 1500M");

/** Processors, at least a thousandth: `500m`, `2`, `0.5`. */
export const processors = z
  .string()
  .refine((text) => isQuantity(text, 1e-3), "expected processors such as 500m, 2 or 0.5");

const shortcuts = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/** What is wrong with a schedule, or undefined. Kubernetes' parser (robfig/cron) knows no seconds, years, L, W, # or Sunday as 7. */
function scheduleProblem(text: string): string | undefined {
  if (/^@every (\d+(\.\d+)?(h|m|s))+$/.test(text) || shortcuts.includes(text)) return undefined;
  const expected = "expected a schedule of Kubernetes, five fields such as 0 2 * * 2, or @daily";
  const fields = text.split(/\s+/);
  if (fields.length !== 5 || fields.some((field) => !/^[\dA-Za-z*?,/-]+$/.test(field))) return expected;
  if (/(^|[,-])7/.test(fields[4] ?? "")) return `${expected}; Sunday is 0`;
  const unknown = fields.some(
    (field, at) => /[A-Za-z]/.test(field) && (at < 3 || !/^([A-Za-z]{3}|[\d*?,/-])+$/.test(field)),
  );
  if (unknown) return expected;
  try {
    new Cron(text, { mode: "5-part", sloppyRanges: true, paused: true });
    return undefined;
  } catch (error) {
    return `${expected}: ${(error instanceof Error ? error.message : String(error)).replace(/^CronPattern: /, "")}`;
  }
}

/** How pods may use a claim at once; nothing that exists changes it. */
export const accessMode = z
  .enum(["ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"])
  .optional()
  .describe("Who may mount it at once, where it is not the usual mode; a claim that exists cannot change it.");

/** Who logs in to Flower; a colon would end the name. */
export const flowerUser = z.string().regex(/^[^:,\s]+$/, "expected a name without colon, comma and blank");

/** When a CronJob runs. */
export const schedule = z
  .string()
  .superRefine((text, context) => {
    const problem = scheduleProblem(text);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  })
  .meta({ format: "cron" });

/** A time zone by its name in the IANA database: `Etc/UTC`, `Europe/Prague`. */
export const timeZone = z.string().refine((name) => {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "" && !/^[+-]/.test(name);
  } catch {
    return false;
  }
}, "expected a time zone by its name such as Etc/UTC or Europe/Prague");

/** An image that a stack names itself; with tag and digest the tag is for people and for `orrery images`. */
export const pinnedImage = z
  .string()
  .regex(/^[a-z0-9.-]+(:\d+)?(\/[\w.-]+)*(:(?!latest$)\w[\w.-]*|(:\w[\w.-]*)?@sha256:[0-9a-f]{64})$/, {
    error: "expected an image pinned by tag or digest: registry/name@sha256:<64 hex>, or a tag other than latest",
  })
  .overwrite(deployedImage)
  .describe("Image instead of the table's, e.g. pinned by digest.");

/** Name of a namespace. */
export const namespaceName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "expected a namespace: a-z, 0-9 and inner hyphens");
