/** `orrery packit unpin`. */
import { defineCommand } from "../../../cli/command.ts";
import { namedImage, pinOptions, setDigest } from "../../lib/packit/pin.ts";
import { openService } from "../../lib/packit/service.ts";

export const command = defineCommand({
  usage: "IMAGE",
  about: "Unpins an image, so that it follows its tag again. packit import-images then imports the newest one.",
  options: pinOptions,
  run(values, [image]) {
    const opened = openService(values);
    return setDigest(opened, namedImage(opened, image), undefined, values);
  },
});
