/** `orrery packit pin`. */
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usage.ts";
import { namedImage, pinOptions, setDigest } from "../../lib/packit/pin.ts";
import { openService } from "../../lib/packit/service.ts";

export const command = defineCommand({
  usage: "IMAGE DIGEST",
  about: `Pins an image to a digest, e.g. to roll workers back. Its workloads (packit-worker: all workers and beat) go back to it, and later
imports do not change it until unpin. DIGEST is sha256: and 64 hex digits; packit revisions lists those that ran.`,
  options: pinOptions,
  run(values, [image, digest]) {
    if (!/^sha256:[0-9a-f]{64}$/.test(digest)) {
      throw new UsageError(
        `"${digest}" is not a digest: give sha256: and 64 hex digits, as packit revisions lists them`,
      );
    }
    const opened = openService(values);
    return setDigest(opened, namedImage(opened, image), digest, values);
  },
});
