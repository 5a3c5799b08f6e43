import { isMap, isScalar, isSeq, parseDocument } from "yaml";
import type { RuleProblem } from "../../config/define.ts";
import type { ProwSettings } from "./settings.ts";
import { configurationProblems } from "./files/problems.ts";
import { configInputs } from "./configInputs.ts";

/** What is wrong across the settings; the schema checks each setting on its own. */
export function prowRules(settings: ProwSettings): RuleProblem[] {
  return [
    ...namespaceRules(settings),
    ...jobSecretRules(settings),
    ...nodeRules(settings),
    ...ingressRules(settings),
    ...configurationProblems(configInputs(settings)).map(({ path, text }) => ({
      path: path === "" ? "configuration" : `configuration.${path}`,
      problem: text,
    })),
  ];
}

function namespaceRules({ namespaces }: ProwSettings): RuleProblem[] {
  return namespaces.prow === namespaces.jobs
    ? [{ path: "namespaces.jobs", problem: "must differ from namespaces.prow: jobs would read Prow's secrets" }]
    : [];
}

function jobSecretRules({ jobSecrets }: ProwSettings): RuleProblem[] {
  return jobSecrets.flatMap((name, index) =>
    jobSecrets.indexOf(name) === index ? [] : [{ path: `jobSecrets[${index}]`, problem: `"${name}" is listed twice` }],
  );
}

/** Without a node of a kind the pods that ask for it never start. */
function nodeRules({ nodes, localVolumes, ingress }: ProwSettings): RuleProblem[] {
  const uses = new Set(Object.values(nodes).flat());
  const wanted = ingress.controller ? (["cache", "worker", "ingress"] as const) : (["cache", "worker"] as const);
  const missing = Object.keys(nodes).length === 0 ? [] : wanted.filter((use) => !uses.has(use));
  return [
    ...missing.map((use) => ({ path: "nodes", problem: `no node is for "${use}"; pods that need one never start` })),
    ...(localVolumes === undefined || nodes[localVolumes.node]?.includes("cache") === true
      ? []
      : [
          {
            path: "localVolumes.node",
            problem: `"${localVolumes.node}" must be a node for "cache": ghproxy runs nowhere else`,
          },
        ]),
  ];
}

function ingressRules({ hosts, paths, ingress }: ProwSettings): RuleProblem[] {
  const { deck, hook, gcsweb } = hosts;
  return [
    ...(hook === gcsweb && (paths.gcsweb === "/" || paths.gcsweb === paths.hook)
      ? [{ path: "paths.gcsweb", problem: "would take the webhook's path on the same host; name another one" }]
      : []),
    ...(deck === gcsweb && paths.gcsweb === "/"
      ? [{ path: "paths.gcsweb", problem: "would take Deck's place on the same host; name another one" }]
      : []),
    ...(["/gcs", "/icons", "/styles"].includes(paths.gcsweb)
      ? [{ path: "paths.gcsweb", problem: "is where gcsweb's own links lead; name another one" }]
      : []),
    ...(ingress.controller && ingress.class !== "nginx"
      ? [{ path: "ingress.class", problem: "must be nginx, the class that ingress.controller makes" }]
      : []),
  ];
}

const mapProblem =
  "expected one line, or a YAML map of organisations, repositories or * to lists of {value, created_at}";

/** What is wrong with an HMAC secret; during a rotation it holds several tokens. */
export function hmacProblem(text: string): string | undefined {
  const { contents, errors } = parseDocument(text);
  if (errors.length > 0) return mapProblem;
  if (isScalar(contents)) return text.trim().includes("\n") ? mapProblem : undefined;
  if (!isMap(contents) || contents.items.length === 0) return mapProblem;
  const lists = contents.items.map(({ value }) => value);
  const whole = lists.every(
    (list) =>
      isSeq(list) &&
      list.items.length > 0 &&
      list.items.every(
        (entry) =>
          isMap(entry) &&
          typeof entry.get("value") === "string" &&
          !Number.isNaN(Date.parse(String(entry.get("created_at")))),
      ),
  );
  return whole ? undefined : mapProblem;
}
