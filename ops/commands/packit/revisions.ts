/** `orrery packit revisions`. */
import { defineCommand } from "../../../cli/command.ts";
import { jsonOption } from "../../lib/options.ts";
import { kubectlOptions } from "../../lib/kube/kubectl.ts";
import { stackOptions } from "../../lib/stack.ts";
import { history } from "../../lib/packit/revisions.ts";
import { openInstance, serviceOptions } from "../../lib/packit/service.ts";

export const command = defineCommand({
  usage: "[NAME]",
  about: `Lists what was imported into the ImageStreams and what Deployments and StatefulSets ran. The newest come first, with the image's digest
where it is known; * marks the current one. To go back: packit undo NAME, or packit pin IMAGE DIGEST. NAME is a Deployment, StatefulSet
or ImageStream (default: all).`,
  options: { ...stackOptions, ...serviceOptions, ...kubectlOptions, ...jsonOption },
  async run(values, [name]) {
    const opened = await openInstance(values);
    const all = await history(opened.kubectl, opened);
    const found = all.filter(({ of }) => name === undefined || of.split(/[ :]/)[1] === name);
    if (found.length === 0) throw new Error(`the cluster has no revisions of ${name ?? "this service"}`);
    if (values.json) console.log(JSON.stringify(found, undefined, 2));
    else {
      for (const { of, when, revision, image, digest, current } of found) {
        const title = `${current ? "*" : " "} ${of}${revision === undefined ? "" : `, revision ${revision}`}`;
        console.log(`${when}  ${title.padEnd(52)} ${digest ?? ""}  ${image}`);
      }
    }
    return 0;
  },
});
