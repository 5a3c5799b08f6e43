/** Runs Python with the lab's own modules and Debian's, as the services do. */
import { execFileSync } from "node:child_process";
import path from "node:path";
import { root } from "../../../lab/settings.ts";

/** What a program printed as JSON. @throws with its error output if it fails */
export function runPython(source: string): unknown {
  const env = {
    PATH: process.env.PATH,
    PYTHONPATH: path.join(root, "lab/openstack/lib"),
    PYTHONDONTWRITEBYTECODE: "1",
    ORRERY_DIR: "/nowhere",
  };
  return JSON.parse(execFileSync("/usr/bin/python3", ["-W", "ignore", "-c", source], { env, encoding: "utf8" }));
}
