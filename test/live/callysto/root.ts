/** The file system of the machines' image, to run a guest's own programs in without booting a machine. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { machineImage } from "../../../lab/machines/image.ts";

/** How a script ended. */
export interface Done {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A copy that may be changed; each script finds what the one before it has left. The caller closes it. */
export class MachineRoot {
  private readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<MachineRoot> {
    const { disk } = await machineImage(() => undefined);
    const folder = mkdtempSync(path.join(tmpdir(), "callysto-root-"));
    mkdirSync(path.join(folder, "root"));
    execFileSync("qemu-img", ["convert", "-O", "raw", disk, path.join(folder, "disk")]);
    const root = new MachineRoot(folder);
    root.says("useradd --create-home --shell /bin/bash ptty2u"); // cloud-init's work
    return root;
  }

  /** What a script says that ends well. @throws AssertionError if it does not */
  says(script: string): string {
    const { code, stdout, stderr } = this.run(script);
    assert.equal(code, 0, `${stderr}\n${stdout}`);
    return stdout;
  }

  /** Runs bash as root in it, with mounts, processes, network and host name of its own. */
  run(script: string): Done {
    const enter = `
      mount -o loop,noatime "$0/disk" "$0/root"; cd "$0/root"
      mount -t proc proc proc; mount -t tmpfs tmpfs run; mount -t tmpfs tmpfs tmp; mount --rbind /dev dev; mkdir -p run/sshd run/lock
      hostname "$(cat etc/hostname)"
      exec chroot . /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 bash -s`;
    const isolated = ["--mount", "--uts", "--net", "--pid", "--fork", "--kill-child"];
    const { status, stdout, stderr } = spawnSync("unshare", [...isolated, "sh", "-ec", enter, this.folder], {
      input: script,
      encoding: "utf8",
    });
    return { code: status ?? 1, stdout: stdout.trim(), stderr: stderr.trim() };
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }
}
