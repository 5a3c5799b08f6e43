/** The programs at hand, and the backend with the stack's state. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { eq, gte, major, parse } from "semver";
import { projectDir, projectName } from "../../../config/stackFile.ts";
import { run } from "../process.ts";
import { engineFix, engineProblem, pulumiProgram } from "../pulumi.ts";
import { keepsFiles, openBucket, withoutLogins } from "../state/backend/backend.ts";
import { type Lock, locksOf, lockText } from "../state/lock.ts";
import { lastLine } from "../state/store.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

const about = "toolchain";

interface Package {
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Versions of Node, the CLI and the plugins, against those of the SDKs. */
export async function toolchain(): Promise<readonly Finding[]> {
  const { dependencies } = JSON.parse(readFileSync(path.join(projectDir, "package.json"), "utf8")) as Package;
  const node = ok(about, `Node ${process.versions.node}`);
  const cli = await run(pulumiProgram, ["version"]);
  const version = cli.status === 0 ? parse(cli.stdout.trim()) : null;
  if (version === null) {
    const text = engineProblem(cli.stderr) ?? `the Pulumi CLI says: ${lastLine(cli.stderr)}`;
    return [node, problem(about, text, engineFix)];
  }
  const listed = await run(pulumiProgram, ["plugin", "ls", "--json"], { cwd: projectDir });
  const there = listed.status === 0 ? (JSON.parse(listed.stdout) as InstalledPlugin[]) : [];
  return [
    node,
    cliFinding(version.version, dependencies["@pulumi/pulumi"] ?? ""),
    ...pluginFindings(dependencies, there),
  ];
}

/** What the CLI's version is to the SDK's: an engine understands older SDKs of its major version. */
export function cliFinding(cli: string, sdk: string): Finding {
  if (major(cli) === major(sdk) && gte(cli, sdk))
    return ok(about, `Pulumi ${cli}${eq(cli, sdk) ? "" : `, newer than the SDK ${sdk}`}`);
  const text = `the Pulumi CLI is ${cli}, the SDK ${sdk}: ${major(cli) === major(sdk) ? "the CLI is too old" : "another major version"}`;
  return problem(about, text, `set "pulumi" in package.json and .pulumi.version to ${sdk} or newer; then npm install`);
}

interface InstalledPlugin {
  readonly name: string;
  readonly version?: string;
}

/**
 * The plugins of the SDKs. The engine takes the SDK's exact version and downloads it when an update lacks it, so a newer one of the same
 * major version is no problem where downloads work.
 */
export function pluginFindings(
  dependencies: Package["dependencies"],
  there: readonly InstalledPlugin[],
): readonly Finding[] {
  const wanted = Object.entries(dependencies)
    .map(([name, version]) => ({ name: name.replace("@pulumi/", ""), own: name.startsWith("@pulumi/"), version }))
    .filter(({ name, own }) => own && name !== "pulumi");
  const states = wanted.map(({ name, version }) => {
    const versions = there.flatMap((one) => (one.name === name && one.version !== undefined ? [one.version] : []));
    const newer = versions.find((one) => major(one) === major(version) && gte(one, version));
    const state = versions.some((one) => eq(one, version)) ? "there" : newer === undefined ? "missing" : "newer";
    return {
      name,
      version,
      state,
      text: `${name} ${version}${versions.length > 0 ? ` (not ${versions.join(", ")})` : ""}`,
    };
  });
  const of = (state: string): typeof states => states.filter((one) => one.state === state);
  const install = (some: typeof states): string =>
    some.map(({ name, version }) => `npx pulumi plugin install resource ${name} ${version}`).join(" && ");
  const text = (some: typeof states): string => some.map((one) => one.text).join(", ");
  const [missing, newer] = [of("missing"), of("newer")];
  if (missing.length + newer.length === 0) return [ok(about, "all plugins have their SDK's version")];
  return [
    ...(missing.length === 0 ? [] : [problem(about, `plugins are missing: ${text(missing)}`, install(missing))]),
    ...(newer.length === 0 ? [] : [ok(about, `the next update downloads ${text(newer)}; or ${install(newer)}`)]),
  ];
}

/** What is read of a deployment. */
export interface Exported {
  readonly deployment: {
    readonly manifest?: { readonly time?: string };
    readonly resources?: readonly object[] | null;
    readonly pending_operations?:
      | readonly {
          readonly type: string;
          readonly resource: { readonly urn: string };
        }[]
      | null;
  };
}

/** Whether the backend answers, has the stack, and holds a state that is whole. */
export async function backend(
  stack: string,
): Promise<{ readonly findings: readonly Finding[]; readonly deployed: boolean }> {
  const none = { deployed: false } as const;
  const login = "npx pulumi login <URL of the backend>, or set PULUMI_BACKEND_URL";
  const who = await run(pulumiProgram, ["whoami", "--json", "--non-interactive"], { cwd: projectDir });
  if (who.status !== 0) {
    const missing = engineProblem(who.stderr);
    const finding =
      missing === undefined
        ? problem("backend", withoutLogins(lastLine(who.stderr)), login)
        : warning("backend", "was not asked, as the Pulumi CLI does not run", "see toolchain");
    return { ...none, findings: [finding] };
  }
  const { url = "" } = JSON.parse(who.stdout) as { url?: string };
  const reached = url.startsWith("file:")
    ? warning(
        "backend",
        `${url} is a file of this machine`,
        "for a team: a backend that all reach, e.g. a bucket of the team's OpenStack; docs/state.md has the steps",
      )
    : ok("backend", withoutLogins(url));
  const got = await run(pulumiProgram, ["stack", "export", "--stack", stack, "--non-interactive"], { cwd: projectDir });
  if (got.status !== 0) {
    const init = `npx pulumi stack init ${stack}, then npx pulumi up --stack ${stack}`;
    return { ...none, findings: [reached, warning("backend", withoutLogins(lastLine(got.stderr)), init)] };
  }
  const exported = JSON.parse(got.stdout) as Exported;
  return {
    findings: [reached, ...stateFindings(stack, exported), ...(await lockFindings(stack, url))],
    deployed: (exported.deployment.resources ?? []).length > 0,
  };
}

/** Who holds the stack. Pulumi Cloud's locks end by themselves, and other stores are not read. */
async function lockFindings(name: string, url: string): Promise<readonly Finding[]> {
  if (!keepsFiles(url)) return [];
  const locks = await locksOf({ name, bucket: await openBucket(url), project: projectName() });
  return locks.map((lock) => lockFinding(name, lock));
}

/** What to say of a lock. */
export function lockFinding(stack: string, lock: Lock): Finding {
  const recover = `npm run ops -- state recover --stack ${stack}`;
  if (lock.holder === "ended")
    return problem("backend", `an update was killed, its lock stayed: ${lockText(lock)}`, recover);
  const text = `the stack is held by ${lockText(lock)}`;
  return warning(
    "backend",
    text,
    lock.holder === "works" ? "wait for its end" : `look there; if no update runs, ${recover} --unlock`,
  );
}

/** What a state says about itself. */
export function stateFindings(stack: string, { deployment }: Exported): readonly Finding[] {
  const { resources, pending_operations: pending, manifest } = deployment;
  const when = manifest?.time === undefined ? "" : `, last changed ${manifest.time.slice(0, 16)}`;
  const state = ok("backend", `stack ${stack} has ${(resources ?? []).length} resources${when}`);
  if ((pending ?? []).length === 0) return [state];
  const urns = (pending ?? []).map(({ type, resource }) => `${type} ${resource.urn.split("::").at(-1) ?? ""}`);
  const fix = `npm run ops -- state recover --stack ${stack} looks what of it was done`;
  return [state, problem("backend", `an update was interrupted while it did: ${urns.join(", ")}`, fix)];
}
