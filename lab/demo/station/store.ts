/** The object store of the station: S3 of moto behind TLS that the router passes on, and what lies in its bucket. */
import { readFileSync } from "node:fs";
import { storeImage } from "../../images/thothStation.ts";
import { certificateFor } from "../../kubernetes/router/certificates.ts";
import type { Run } from "../../pulumi.ts";
import { ask } from "../outside.ts";
import { startServers } from "../server.ts";
import { until } from "../until.ts";

/** A bucket as the stack's settings name it. */
export interface Bucket {
  readonly endpoint: string;
  readonly bucket: string;
}

const folder = "/etc/s3";
const port = 8443;

/** Starts the store, unless it runs, and makes the bucket. @throws if it is not ready in time */
export async function startStore(run: Run, { endpoint, bucket }: Bucket): Promise<void> {
  const { lab, log } = run;
  log("object store: starting");
  const { hostname } = new URL(endpoint);
  const file = `${folder}/server.pem`;
  await startServers(run, [
    {
      ...{ name: "s3", namespace: "lab-s3", image: storeImage, port, folder },
      args: ["-H", "0.0.0.0", "-p", String(port), "-s", "-c", file, "-k", file],
      // Otherwise the first part of its own name is taken for a bucket.
      env: { S3_IGNORE_SUBDOMAIN_BUCKETNAME: "1" },
      files: { "server.pem": readFileSync(await certificateFor(lab, hostname), "utf8") },
      outside: { passthrough: [hostname] },
    },
  ]);
  // The router learns of the pod after the cluster does. A bucket that is there stays as it is.
  await until("the bucket", 120, async () => {
    const { status } = await ask(lab, `${endpoint}/${bucket}`, { method: "PUT" });
    return status === 200 || status === 409 ? true : undefined;
  });
}

/** Keys of the bucket's objects. @throws if the store does not answer */
export async function keysOf({ lab }: Run, { endpoint, bucket }: Bucket): Promise<readonly string[]> {
  const { status, body } = await ask(lab, `${endpoint}/${bucket}?list-type=2`);
  if (status !== 200) throw new Error(`the object store answers ${status}: ${body.slice(0, 300)}`);
  return [...body.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key]) => key ?? "");
}
