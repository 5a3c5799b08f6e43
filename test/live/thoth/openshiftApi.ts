/** As much of OpenShift 4's API as thoth-common asks for, over the objects of a render; what is made is noted. */
import { createServer } from "node:https";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { sample, sampleCertificate } from "../../../config/samples.ts";
import { asList, type Json, type Manifest, asObject, asText } from "../../../policy/manifest.ts";

/** Group and version -> kind -> plural. */
const served: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  v1: { ConfigMap: "configmaps", Pod: "pods", ResourceQuota: "resourcequotas" },
  "batch/v1": { Job: "jobs", CronJob: "cronjobs" },
  "template.openshift.io/v1": { Template: "templates", TemplateInstance: "templateinstances" },
  "image.openshift.io/v1": { ImageStream: "imagestreams" },
  // Two kinds of one name, and none in the core group as OpenShift 3.11 had it.
  "build.openshift.io/v1": { Build: "builds", BuildConfig: "buildconfigs" },
  "config.openshift.io/v1": { Build: "builds" },
};

/** The running API. */
export interface OpenshiftApi {
  readonly port: number;
  /** What was made, in its order. */
  readonly made: readonly Json[];
  readonly close: () => void;
}

/** Serves the objects; with `cronJobsBeta` CronJobs in batch/v1beta1, too, as Kubernetes did before 1.25. */
export async function startOpenshiftApi(manifests: readonly Manifest[], cronJobsBeta = false): Promise<OpenshiftApi> {
  const kinds = cronJobsBeta ? { ...served, "batch/v1beta1": { CronJob: "cronjobs" } } : served;
  const objects = manifests.map(({ kind, namespace, name, body }) => ({ kind, namespace, name, body }));
  const made: Json[] = [];

  const answer = (method: string, url: URL, body: Json): readonly [status: number, body: Json] => {
    const { pathname } = url;
    if (pathname === "/version") return [200, { major: "1", minor: "27" }];
    if (pathname === "/apis") return [200, { kind: "APIGroupList", groups: groupsOf(kinds) }];
    const [, version = ""] = /^\/apis?\/((?:[\w.]+\.io\/|batch\/)?v\w+)(?:\/|$)/.exec(pathname) ?? [];
    const known: Readonly<Record<string, string>> | undefined = kinds[version];
    if (known === undefined) return [404, failure(pathname)];
    const [, namespace = "", plural = "", name] = /\/namespaces\/([^/]+)\/(\w+)(?:\/([^/]+))?$/.exec(pathname) ?? [];
    if (plural === "") return [200, { kind: "APIResourceList", groupVersion: version, resources: resourcesOf(known) }];
    if (plural === "processedtemplates") {
      // Since 4.12: openshift/openshift-apiserver vendor/k8s.io/apiserver/pkg/endpoints/handlers/create.go:176.
      const matches = asObject(body.metadata).namespace === namespace;
      return matches ? processed(body) : [400, failure("the namespace of the provided object does not match")];
    }
    const [kind] = Object.entries(known).find(([, one]) => one === plural) ?? [];
    if (kind === undefined) return [404, failure(pathname)];
    const here = objects.filter((one) => one.kind === kind && one.namespace === namespace);
    if (method === "POST") {
      const { name: own, generateName } = asObject(body.metadata);
      const given = asText(own) === "" ? `${asText(generateName)}abcde` : asText(own);
      if (here.some((one) => one.name === given)) return [409, failure(`${given} exists`)];
      const whole = { ...body, metadata: { ...asObject(body.metadata), name: given, namespace } };
      objects.push({ kind, namespace, name: given, body: whole });
      made.push(whole);
      return [201, whole];
    }
    if (name !== undefined) {
      const found = here.find((one) => one.name === name);
      return found === undefined ? [404, failure(name)] : [200, { apiVersion: version, ...found.body }];
    }
    const wanted = (url.searchParams.get("labelSelector") ?? "").split(",").filter((one) => one !== "");
    const items = here.filter(({ body: one }) =>
      wanted.every((pair) => asObject(asObject(one.metadata).labels)[pair.split("=")[0] ?? ""] === pair.split("=")[1]),
    );
    return [
      200,
      { kind: `${kind}List`, apiVersion: version, metadata: {}, items: items.map((one) => stateOf(one.body)) },
    ];
  };

  const seed = "thoth-api";
  const tls = { key: sample("pem-private-key", seed), cert: sampleCertificate(seed, ["localhost"]) };
  const server = createServer(tls, (request, response) => {
    void bodyOf(request).then((body) => {
      const [status, said] = answer(request.method ?? "GET", new URL(request.url ?? "/", "https://localhost"), body);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(said));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, made, close: () => void server.close() };
}

function groupsOf(kinds: typeof served): readonly Json[] {
  const names = Object.keys(kinds).filter((one) => one.includes("/"));
  const groups = new Set(names.map((one) => one.split("/")[0] ?? ""));
  return [...groups].map((name) => {
    const versions = names
      .filter((one) => one.startsWith(`${name}/`))
      .map((groupVersion) => ({ groupVersion, version: groupVersion.split("/")[1] }));
    return { name, versions, preferredVersion: versions[0] };
  });
}

function resourcesOf(known: Readonly<Record<string, string>>): readonly Json[] {
  return Object.entries(known).map(([kind, name]) => ({
    ...{ name, kind, singularName: "", namespaced: true },
    verbs: ["create", "delete", "get", "list", "watch"],
  }));
}

/** A quota says what is used, as the cluster keeps it. */
function stateOf(body: Json): Json {
  if (body.kind !== "ResourceQuota") return body;
  const { hard } = asObject(body.spec);
  return { ...body, status: { hard, used: Object.fromEntries(Object.keys(asObject(hard)).map((key) => [key, "0"])) } };
}

/** A Template with its parameters filled in: `${X}` inside texts, `${{X}}` as a value that is no text. */
function processed(template: Json): readonly [number, Json] {
  const values = new Map<string, string>();
  for (const { name, value, required } of asList(template.parameters)) {
    if (required === true && asText(value) === "") return [422, failure(`parameter ${asText(name)} is required`)];
    values.set(asText(name), asText(value));
  }
  const fill = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one)]));
    if (typeof value !== "string") return value;
    const [, plain] = /^\$\{\{(\w+)\}\}$/.exec(value) ?? [];
    if (plain !== undefined && values.has(plain)) return JSON.parse(values.get(plain) ?? "") as unknown;
    return value.replace(/\$\{(\w+)\}/g, (whole, name: string) => values.get(name) ?? whole);
  };
  return [201, { ...template, objects: asList(template.objects).map(fill) }];
}

const failure = (message: string): Json => ({ kind: "Status", status: "Failure", message });

async function bodyOf(request: IncomingMessage): Promise<Json> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const whole = Buffer.concat(parts).toString();
  return whole === "" ? {} : (JSON.parse(whole) as Json);
}
