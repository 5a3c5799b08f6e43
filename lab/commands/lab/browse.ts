/** `orrery lab browse`. */
import { spawn } from "node:child_process";
import { defineCommand } from "../../../cli/command.ts";
import { chromium, chromiumArgs, curlLine, pageAt } from "../../browser.ts";
import { hasLab, noLab } from "../../folder.ts";
import { labSettings } from "../../settings.ts";

export const command = defineCommand({
  usage: "ADDRESS",
  about: `Opens a Route or Ingress of the lab's cluster in Chromium, by its real name: HOST, its first words, HOST/PATH or a URL. The browser has a profile of
its own, finds the cluster's hosts in the lab and trusts the lab's authority. Where there is no Chromium or no display it prints the curl
line that fetches the page. Works on labs with real nodes.`,
  options: {},
  run(_, [address]) {
    const lab = labSettings();
    if (!hasLab(lab.dir)) throw new Error(noLab(lab.dir));
    const page = pageAt(lab, address);
    const program = chromium();
    if (program === undefined || (process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY) === undefined) {
      console.log(curlLine(lab, page));
      return 0;
    }
    spawn(program, chromiumArgs(lab, page), { detached: true, stdio: "ignore" }).unref();
    console.log(`opening ${page.url.href} at ${page.address}`);
    return 0;
  },
});
