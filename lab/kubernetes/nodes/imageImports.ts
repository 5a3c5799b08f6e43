/**
 * OpenShift's ImageStreamImport on real nodes: who creates one has the answer in its status at once, and the stream has the image. The API
 * server asks this webhook before it stores the object, which is removed again, as OpenShift keeps none.
 */
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { json } from "node:stream/consumers";
import type { LabSettings } from "../../settings.ts";
import { type KubeApi, type KubeObject, pathOf } from "../api.ts";
import { authorityFile, certificateFor } from "../router/certificates.ts";
import { coalesced, follow } from "./follow.ts";
import { imported, type ImageStream, locate, type Resolve } from "./imageStreams.ts";

const group = "image.openshift.io";
/** The certificate's name; the API server calls it on loopback. */
const host = "localhost";

/** Where only the API server asks: who may read its configuration of webhooks, and nobody else, knows the path. */
const askedAt = (lab: LabSettings): string => `/${createHmac("sha256", lab.password).update("imports").digest("hex")}`;

/** An import as it is asked for. */
export interface ImageStreamImport extends KubeObject {
  readonly spec: {
    /** Without it images are looked at only. */
    readonly import?: boolean;
    readonly images?: readonly {
      readonly from: { readonly kind: string; readonly name: string };
      readonly to?: { readonly name: string };
    }[];
  };
}

interface Review {
  readonly request: { readonly uid: string; readonly dryRun?: boolean; readonly object: ImageStreamImport };
}

/** What OpenShift answers about each image. */
export function answerOf({ spec }: ImageStreamImport, resolve: Resolve): { readonly images: readonly object[] } {
  const images = (spec.images ?? []).map(({ from, to }) => {
    const { registry, repository, version } = locate(from.name);
    const digest = resolve(registry, repository, version);
    const tag = to?.name ?? version;
    if (digest === undefined) {
      const message = `dockerimage.${group} "${from.name}" not found`;
      return { tag, status: { status: "Failure", reason: "NotFound", code: 404, message } };
    }
    const image = { metadata: { name: digest }, dockerImageReference: `${registry}/${repository}@${digest}` };
    return { tag, status: { status: "Success" }, image };
  });
  return { images };
}

/** The stream with the tags that an import names. */
export function withTags({ metadata, spec }: ImageStreamImport, before: ImageStream | undefined): ImageStream {
  const asked = (spec.images ?? []).flatMap(({ from, to }) =>
    to === undefined ? [] : [{ name: to.name, from: { kind: from.kind, name: from.name } }],
  );
  const there = before?.spec?.tags ?? [];
  const { namespace = "", name } = metadata;
  return {
    ...(before ?? { apiVersion: `${group}/v1`, kind: "ImageStream", metadata: { name, namespace } }),
    spec: {
      ...before?.spec,
      tags: [
        ...there.map((tag) => ({ ...tag, ...asked.find((one) => one.name === tag.name) })),
        ...asked.filter((one) => !there.some((tag) => tag.name === one.name)),
      ],
    },
  };
}

/** Answers imports for ever. @param fetch - gets an image that the lab may not have yet */
export async function answerImports(
  lab: LabSettings,
  api: KubeApi,
  resolve: Resolve,
  fetch: (registry: string, repository: string, version: string) => Promise<void>,
): Promise<void> {
  const review = async ({ request: { uid, dryRun, object } }: Review): Promise<object> => {
    for (const { from } of object.spec.images ?? []) {
      const { registry, repository, version } = locate(from.name);
      await fetch(registry, repository, version);
    }
    if (object.spec.import === true && dryRun !== true) await store(api, object, resolve);
    const patch = [{ op: "add", path: "/status", value: answerOf(object, resolve) }];
    const answer = { uid, allowed: true, patchType: "JSONPatch" };
    return { ...answer, patch: Buffer.from(JSON.stringify(patch)).toString("base64") };
  };
  const pem = readFileSync(await certificateFor(lab, host));
  const secretPath = askedAt(lab);
  const server = createServer({ key: pem, cert: pem }, (incoming, outgoing) => {
    if (incoming.url?.split("?")[0] !== secretPath) {
      outgoing.writeHead(401).end();
      return;
    }
    json(incoming)
      .then((body) => review(body as Review))
      .then(
        (response) =>
          outgoing.end(JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response })),
        (error: unknown) => {
          console.error(`ImageStreamImport: ${error instanceof Error ? error.message : String(error)}`);
          outgoing.writeHead(500).end();
        },
      );
  });
  server.listen(lab.ports.imports, "127.0.0.1");
  let registered = false;
  const changed = coalesced("ImageStreamImports", 50, async () => {
    if (!registered) await api.apply(webhook(lab));
    registered = true;
    for (const one of made.objects() ?? []) await api.delete(pathOf(one));
  });
  const made = follow<KubeObject>(api, `/apis/${group}/v1/imagestreamimports`, changed);
}

async function store(api: KubeApi, asked: ImageStreamImport, resolve: Resolve): Promise<void> {
  const { namespace = "", name } = asked.metadata;
  const at = `/apis/${group}/v1/namespaces/${namespace}/imagestreams`;
  const before = await api.find<ImageStream>(`${at}/${name}`);
  const wanted = withTags(asked, before);
  if (before === undefined) await api.post(at, wanted);
  else if (JSON.stringify(before.spec) !== JSON.stringify(wanted.spec))
    await api.patch(`${at}/${name}`, { spec: wanted.spec });
  const stream = await api.get<ImageStream>(`${at}/${name}`);
  const tags = imported(stream, resolve, new Date());
  if (JSON.stringify(tags) !== JSON.stringify(stream.status?.tags ?? []))
    await api.patch(`${at}/${name}/status`, { status: { tags } });
}

const webhook = (lab: LabSettings): KubeObject & { readonly webhooks: readonly object[] } => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "MutatingWebhookConfiguration",
  metadata: { name: "image-stream-imports" },
  webhooks: [
    {
      name: `imports.${group}`,
      admissionReviewVersions: ["v1"],
      sideEffects: "NoneOnDryRun",
      timeoutSeconds: 30,
      clientConfig: {
        url: `https://${host}:${lab.ports.imports}${askedAt(lab)}`,
        caBundle: readFileSync(authorityFile(lab)).toString("base64"),
      },
      rules: [{ apiGroups: [group], apiVersions: ["v1"], resources: ["imagestreamimports"], operations: ["CREATE"] }],
    },
  ],
});
