/** Python packages for tests, in an environment of their own that is made once per machine. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { installPackages } from "../../lab/openstack/packages.ts";
import { cacheDir } from "../../lab/settings.ts";

/** An environment with certain packages. */
export interface PythonEnvironment {
  /** Folder of its programs. */
  readonly bin: string;
  /** Makes it; at once when it is there. @throws naming what could not be had */
  readonly install: () => Promise<void>;
}

/**
 * The environment of this name with these requirements, `package==version` (or options of pip); other requirements are
 * another one. `python` is the interpreter that it is made with.
 */
export function pythonEnvironment(
  name: string,
  requirements: readonly string[],
  python = "/usr/bin/python3",
): PythonEnvironment {
  const own = python === "/usr/bin/python3" ? [] : [python];
  const key = createHash("sha256")
    .update([...own, ...requirements].join("\n"))
    .digest("hex")
    .slice(0, 12);
  const folder = path.join(cacheDir, `${name}-python-${key}`);
  const bin = path.join(folder, "bin");
  const whole = path.join(folder, "whole");
  return {
    bin,
    async install() {
      await installPackages(["python3-venv"], () => undefined);
      if (existsSync(whole)) return;
      mkdirSync(cacheDir, { recursive: true });
      // Two checkouts may come here at once; an environment cannot be moved once it is made.
      const script = `[ -e "$1/whole" ] && exit 0
        rm -rf "$1" && "$2" -m venv "$1" && shift 2 && "$0" -m pip install -q --disable-pip-version-check "$@"`;
      const done = spawnSync(
        "flock",
        [`${folder}.lock`, "bash", "-c", script, path.join(bin, "python"), folder, python, ...requirements],
        { encoding: "utf8" },
      );
      if (done.status !== 0) {
        rmSync(folder, { recursive: true, force: true });
        throw new Error(`Python packages for the tests of ${name} could not be had: ${done.stderr.trim().slice(-400)}`);
      }
      writeFileSync(whole, "");
    },
  };
}
