/** The versions that package.json asks for, which are the user's: the lab's own may lag behind them. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { lt } from "semver";
import { projectDir } from "../../config/stackFile.ts";
import { cliVersion, plugins } from "./artifacts.ts";

/** Versions by name; `cli` is npm's launcher, which looks for the CLI of its own version. */
export type Versions = Readonly<Record<string, string>>;

interface PackageJson {
  readonly dependencies: Versions;
  readonly devDependencies: Versions;
}

/** What the lab's toolchain has. */
const built: Versions = { cli: cliVersion, ...plugins };

/** Versions of the CLI and of the plugins by package.json; the lab's own where it names none. */
export function askedVersions({ dependencies, devDependencies }: PackageJson = packageJson()): Versions {
  const of = (name: string): string | undefined =>
    name === "cli" ? devDependencies.pulumi : dependencies[`@pulumi/${name}`];
  return Object.fromEntries(Object.entries(built).map(([name, version]) => [name, of(name) ?? version]));
}

/** What is older: such a program of the lab stands in for the version that is asked for. One sentence each. */
export function lagging(asked: Versions = askedVersions()): readonly string[] {
  return Object.entries(built)
    .filter(([name, version]) => lt(version, asked[name] ?? version))
    .map(
      ([name, version]) =>
        `the lab's ${name === "cli" ? "Pulumi CLI" : `${name} plugin`} is ${version} and stands in for ${asked[name] ?? ""}, which package.json asks for`,
    );
}

function packageJson(): PackageJson {
  return JSON.parse(readFileSync(path.join(projectDir, "package.json"), "utf8")) as PackageJson;
}
