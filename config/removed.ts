/** What an owner says about the stack as a whole. Free of the SDKs, so that tools load it quickly. */
import { z } from "zod";
import { defineSystem } from "./define.ts";

export const orrerySchema = defineSystem({
  namespace: "orrery",
  settings: z.strictObject({
    removed: z
      .array(z.string().min(1))
      .default([])
      .describe(
        "Systems and environments that the next update may delete because the file lacks them, by the names that the refusal lists: `thoth`, `callysto-hub-ci`.",
      ),
  }),
  secrets: {},
});
