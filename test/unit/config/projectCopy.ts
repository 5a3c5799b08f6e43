/** A copy of the project's files in which `orrery config` may write. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { projectDir } from "../../../config/stackFile.ts";
import { stacks } from "../harness.ts";

const parts = ["cli", "config", "blocks", "components", "ops", "lab", "review", "policy", "package.json"];

/** How a command has ended. */
interface Ended {
  readonly code: number | null;
  readonly out: string;
}

export class ProjectCopy {
  readonly dir = mkdtempSync(path.join(tmpdir(), "orrery-config-"));

  constructor() {
    for (const part of [...parts, ...stacks.map((stack) => `Pulumi.${stack}.yaml`)]) {
      cpSync(path.join(projectDir, part), path.join(this.dir, part), { recursive: true });
    }
    symlinkSync(path.join(projectDir, "node_modules"), path.join(this.dir, "node_modules"), "junction");
  }

  /** Runs `orrery config` with these words. */
  run(...words: readonly string[]): Ended {
    return this.runWith({}, ...words);
  }

  /** The same with more in its environment. */
  runWith(env: NodeJS.ProcessEnv, ...words: readonly string[]): Ended {
    const program = path.join(this.dir, "cli/orrery.ts");
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, "config", ...words], {
      encoding: "utf8",
      // Not the passphrase of a lab in this shell.
      env: { ...process.env, PULUMI_CONFIG_PASSPHRASE: undefined, ...env },
    });
    return { code: status, out: stdout + stderr };
  }

  remove(): void {
    rmSync(this.dir, { recursive: true });
  }
}
