import { quantityOf } from "../../config/fields.ts";
import type { RuleProblem } from "../../config/define.ts";
import type { PackitSettings } from "./settings.ts";
import { images, type ImageName } from "./images.ts";
import { runningFlavours, sandboxingPods, sandboxNamespace, type ServiceName } from "./names.ts";

/** What is wrong across the settings; the schema checks each setting on its own. */
export function packitRules(service: ServiceName, settings: PackitSettings): RuleProblem[] {
  return [
    ...workerRules(settings),
    ...memoryRules(settings),
    ...namespaceRules(service, settings),
    ...hostRules(settings),
    ...postgresRules(settings),
    ...imageRules(settings),
    ...componentRules(settings),
  ];
}

function problem(wrong: boolean, path: string, text: string): RuleProblem[] {
  return wrong ? [{ path, problem: text }] : [];
}

function workerRules({ workers, repositoryCache, sandbox }: PackitSettings): RuleProblem[] {
  const none = runningFlavours(workers).length === 0;
  const idle = !none && sandboxingPods(workers).length === 0;
  const what = "needs a worker that takes long-running tasks: raise workers.allTasks or workers.longRunning";
  return [
    ...problem(none, "workers", "all counts are 0; at least one worker is needed"),
    ...problem(idle && repositoryCache.enabled, "repositoryCache.enabled", what),
    ...problem(idle && sandbox.enabled, "sandbox.enabled", what),
  ];
}

function memoryRules({ web }: PackitSettings): RuleProblem[] {
  return problem(
    quantityOf(web.memory) < 512 * 2 ** 20,
    "web.memory",
    "the start script runs the database migrations, which are killed below 512Mi",
  );
}

function namespaceRules(service: ServiceName, settings: PackitSettings): RuleProblem[] {
  return problem(
    settings.sandbox.enabled && sandboxNamespace(service, settings) === settings.namespace.name,
    "sandbox.namespace",
    "must differ from namespace.name: strangers' commands run there",
  );
}

function hostRules({ hosts }: PackitSettings): RuleProblem[] {
  const named = Object.entries(hosts);
  return named.flatMap(([name, host], index) =>
    problem(
      named.findIndex(([, other]) => other === host) !== index,
      `hosts.${name}`,
      `"${host}" is already another component's host`,
    ),
  );
}

function postgresRules({ postgres: { version, beside } }: PackitSettings): RuleProblem[] {
  return beside.flatMap((one, index) =>
    problem(
      one === version || beside.indexOf(one) !== index,
      `postgres.beside[${index}]`,
      `version ${one} runs already; each version has one volume`,
    ),
  );
}

function imageRules({ images: changes }: PackitSettings): RuleProblem[] {
  return (Object.keys(images) as ImageName[]).flatMap((name) => [
    ...problem(
      changes[name]?.digest !== undefined && changes[name].tag !== undefined,
      `images.${name}.tag`,
      "a digest is pinned, so the tag means nothing; leave one of them out",
    ),
  ]);
}

/** Host of the dashboard, which its start script knows by DEPLOYMENT; its server answers no other. */
function dashboardHost(deployment: PackitSettings["deployment"]): string {
  return { dev: "dashboard.localhost", stg: "dashboard.stg.packit.dev", prod: "dashboard.packit.dev" }[deployment];
}

function componentRules({
  parts,
  hosts,
  githubAppId,
  deployment,
  images: changes,
  databaseBackups,
}: PackitSettings): RuleProblem[] {
  const dashboard = dashboardHost(deployment);
  return [
    ...problem(
      parts.tokman && githubAppId === undefined,
      "githubAppId",
      "parts.tokman needs the number of the GitHub App",
    ),
    ...problem(
      parts.centosmsg && changes.worker?.digest === undefined,
      "parts.centosmsg",
      "workers of today ignore its tasks; pin images.worker.digest to one of 2021, or switch it off",
    ),
    ...problem(databaseBackups && !parts.beat, "databaseBackups", "parts.beat starts them; switch it on"),
    ...problem(
      parts.dashboard && hosts.dashboard !== dashboard && changes.dashboard === undefined,
      "hosts.dashboard",
      `the dashboard's image answers ${dashboard} only; say so, or name an image of your own in images.dashboard`,
    ),
    ...problem(
      hosts.metrics !== undefined && !parts.pushgateway,
      "hosts.metrics",
      "nothing answers there without parts.pushgateway",
    ),
    ...problem(
      hosts.dashboard !== undefined && !parts.dashboard,
      "hosts.dashboard",
      "nothing answers there without parts.dashboard",
    ),
  ];
}
