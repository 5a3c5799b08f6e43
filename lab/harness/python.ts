/** Python for tests: virtual environments, created once per machine, and the modules of the lab's OpenStack. */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { installPackages } from "../../lab/openstack/packages.ts";
import { cacheDir, root } from "../../lab/settings.ts";

/** A virtual environment. */
export interface PythonEnvironment {
  /** Folder of its programs. */
  readonly bin: string;
  /** Creates it if it is missing. @throws with pip's error */
  readonly install: () => Promise<void>;
}

/**
 * The environment for a name and requirements (`package==version`, or options of pip); other requirements have another
 * folder. `python` is its interpreter.
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
  const complete = path.join(folder, "whole");
  return {
    bin,
    async install() {
      await installPackages(["python3-venv"], () => undefined);
      if (existsSync(complete)) return;
      mkdirSync(cacheDir, { recursive: true });
      // Locked to its end, as two checkouts may run this at once; an environment cannot be moved after its creation.
      const script = `folder=$1; [ -e "$folder/whole" ] && exit 0
        rm -rf "$folder" && "$2" -m venv "$folder" && shift 2 &&
          "$0" -m pip install -q --disable-pip-version-check "$@" && touch "$folder/whole"`;
      const done = spawnSync(
        "flock",
        [`${folder}.lock`, "bash", "-c", script, path.join(bin, "python"), folder, python, ...requirements],
        { encoding: "utf8" },
      );
      if (done.status === 0) return;
      throw new Error(`cannot install the Python packages for the tests of ${name}: ${done.stderr.trim().slice(-400)}`);
    },
  };
}

/** What a program with the lab's own modules and Debian's prints as JSON. @throws with its error output if it fails */
export function runPython(source: string): unknown {
  const env = {
    PATH: process.env.PATH,
    PYTHONPATH: path.join(root, "lab/openstack/lib"),
    PYTHONDONTWRITEBYTECODE: "1",
    ORRERY_DIR: "/nowhere",
  };
  return JSON.parse(execFileSync("/usr/bin/python3", ["-W", "ignore", "-c", source], { env, encoding: "utf8" }));
}
