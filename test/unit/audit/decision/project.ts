/** A project of its own for real command lines: links to ours, a stack file, and fake programs in place of pulumi, kubectl and ssh. */
import { spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse } from "yaml";
import { put } from "../../../../config/stackEdit.ts";
import { projectDir, readStackFile } from "../../../../config/stackFile.ts";
import { openSalt } from "../../../../config/passphrase.ts";
import { samplePassphrase } from "../../../../config/samples.ts";
import { type FakeWorld, readWorld, writeWorld } from "./fakeWorld.ts";

/** How a command line ended. */
export interface Ended {
  /** Exit code, or the signal that ended it. */
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const deriveOnce = path.join(projectDir, "test", "unit", "deriveOnce.cjs");

/** The two volumes of the hub, and one more. */
export const volumes = [
  "11111111-1111-4111-8111-111111111111",
  "22222222-2222-4222-8222-222222222222",
  "33333333-3333-4333-8333-333333333333",
] as const;

const diskOf = (id: string): string => `/dev/disk/by-id/virtio-${id.slice(0, 20)}-part1`;

const top = "urn:pulumi:stage::orrery";
const hub = `${top}::orrery:callysto:Callysto$orrery:callysto:Hub`;
const postgres = `${top}::orrery:packit:Packit$orrery:packit:Postgres`;

/** The stack as it is deployed. */
const resources: FakeWorld["resources"] = [
  {
    urn: `${hub}$openstack:compute/instance:Instance::callysto-hub-dev-host-server-instance`,
    type: "openstack:compute/instance:Instance",
    id: "s1",
    protect: true,
  },
  {
    urn: `${hub}$openstack:compute/volumeAttach:VolumeAttach::callysto-hub-dev-host-volumes-zfs-01-attachment`,
    type: "openstack:compute/volumeAttach:VolumeAttach",
    id: "a1",
  },
  { urn: `${top}::orrery:packit:Packit::packit`, type: "orrery:packit:Packit" },
  {
    urn: `${postgres}$kubernetes:core/v1:PersistentVolumeClaim::packit-postgres-13-claim`,
    type: "kubernetes:core/v1:PersistentVolumeClaim",
    id: "packit/postgres-13",
    protect: true,
    parent: `${top}::orrery:packit:Packit::packit`,
    inputs: { metadata: { name: "postgres-13", namespace: "packit-stg" } },
  },
  { urn: `${top}::kubernetes:core/v1:Namespace::thoth`, type: "kubernetes:core/v1:Namespace", id: "t", protect: true },
];

/** One project; {@link Project.reset} makes it as it was at first. */
export class Project {
  readonly dir = mkdtempSync(path.join(tmpdir(), "decision-"));
  readonly file = path.join(this.dir, "Pulumi.stage.yaml");
  private readonly world = path.join(this.dir, "world.json");
  private readonly bin = path.join(this.dir, "node_modules", ".bin");
  private text = "";

  constructor() {
    const ours = readdirSync(projectDir).filter(
      (name) => !/^(Pulumi\..*|node_modules|\.git|\.lab|\.orrery-.*)$/.test(name),
    );
    for (const name of ours) symlinkSync(path.join(projectDir, name), path.join(this.dir, name));
    copyFileSync(path.join(projectDir, "Pulumi.yaml"), path.join(this.dir, "Pulumi.yaml"));
    mkdirSync(this.bin, { recursive: true });
    const packages = path.join(projectDir, "node_modules");
    for (const name of readdirSync(packages)) {
      if (name !== ".bin") symlinkSync(path.join(packages, name), path.join(this.dir, "node_modules", name));
    }
    for (const [name, fake] of Object.entries({ pulumi: "fakePulumi", kubectl: "fakeKubectl" })) {
      this.program(
        name,
        `exec '${process.execPath}' --require '${deriveOnce}' '${path.join(import.meta.dirname, `${fake}.ts`)}' "$@"`,
      );
    }
    this.program(
      "ssh",
      `exec '${process.execPath}' -p 'JSON.parse(fs.readFileSync(process.env.FAKE_WORLD)).disks.join("\\n")'`,
    );
    this.text = stackText();
  }

  /** The stack as at first, with these differences. */
  reset(more: Partial<FakeWorld> = {}, edit: (text: string) => string = (text) => text): void {
    for (const name of globSync(["Pulumi.stage.yaml*", ".orrery-*"], { cwd: this.dir })) {
      rmSync(path.join(this.dir, name), { recursive: true });
    }
    writeFileSync(this.file, edit(this.text));
    const host = { hostname: "hub-dev.callysto.farm", address: "192.0.2.1", hostKey: "ssh-ed25519 AAAA" };
    const first: FakeWorld = {
      course: "works",
      resources: structuredClone(resources),
      replaces: "",
      history: [],
      providers: { type: "passphrase", state: { salt: readStackFile(this.file).encryptionSalt } },
      backend: `file://${path.join(this.dir, "backend")}`,
      outputs: { callysto: { "hub-dev": host } },
      server: serverOf(this.file),
      selector: "postgres-12",
      selectorAfter: "postgres-12",
      pods: {},
      disks: [diskOf(volumes[0]), diskOf(volumes[1])],
      calls: [],
    };
    writeWorld({ ...first, ...more }, this.world);
  }

  /** Changes what the fake programs do from now on. */
  set(more: Partial<FakeWorld>): void {
    writeWorld({ ...readWorld(this.world), ...more }, this.world);
  }

  /** What the fake programs know now. */
  get now(): FakeWorld {
    return readWorld(this.world);
  }

  /** What must be the same again: the file, the protections, the pods, and which files there are. */
  snapshot(): object {
    const { resources: all, pods } = this.now;
    return {
      text: readFileSync(this.file, "utf8"),
      protected: all.filter(({ protect }) => protect === true).map(({ urn }) => urn),
      stopped: Object.keys(pods).filter((name) => pods[name]?.replicas === 0 || pods[name]?.remembered !== undefined),
      files: readdirSync(this.dir)
        .filter((name) => /^Pulumi|^\.orrery/.test(name))
        .sort(),
    };
  }

  /** Runs a command line on the stack. @param onOutput - is given the process when it has printed something */
  run(words: readonly string[], env: NodeJS.ProcessEnv = {}, onOutput?: (pid: number) => void): Promise<Ended> {
    return this.node(["cli/orrery.ts", ...words, "--stack", "stage"], env, onOutput);
  }

  /** Settles what is open, as any next command does. */
  next(): Promise<Ended> {
    return this.run(["config", "check"]);
  }

  /** Runs Node in the project. */
  node(args: readonly string[], env: NodeJS.ProcessEnv = {}, onOutput?: (pid: number) => void): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const flags = ["--preserve-symlinks", "--preserve-symlinks-main", "--require", "./test/unit/deriveOnce.cjs"];
      const child = spawn(process.execPath, [...flags, ...args], {
        cwd: this.dir,
        env: {
          ...{ HOME: this.dir, PATH: `${this.bin}:${process.env.PATH ?? ""}`, FAKE_WORLD: this.world },
          ...{ NODE_COMPILE_CACHE: path.join(this.dir, "cache"), ...env },
        },
      });
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (chunk: Buffer) => {
        stdout += chunk.toString();
        if (child.pid !== undefined) onOutput?.(child.pid);
      });
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      child.on("error", reject);
      child.on("exit", (code, signal) => {
        resolve({ code: code ?? signal, stdout, stderr });
      });
      child.stdin.end();
    });
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  private program(name: string, script: string): void {
    writeFileSync(path.join(this.bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(path.join(this.bin, name), 0o755);
  }
}

/** Stage's file, with existing volumes of the hub. */
function stackText(): string {
  const text = readFileSync(path.join(projectDir, "Pulumi.stage.yaml"), "utf8");
  const existing = { mode: "existing", volumes: volumes.slice(0, 2) };
  return put(text, ["config", "callysto:settings", "environments", "hub-dev", "volumes"], existing);
}

/** The cluster that stage's packit is for. */
function serverOf(file: string): string {
  const { entries, encryptionSalt = "" } = readStackFile(file);
  const { cluster } = JSON.parse(entries.get("packit:settings")?.value ?? "{}") as { cluster: string };
  const stored = entries.get(`clusters:${cluster}`)?.value ?? "";
  const kubeconfig = openSalt(encryptionSalt, samplePassphrase("stage")).decrypt(stored);
  return (parse(kubeconfig) as { clusters: { cluster: { server: string } }[] }).clusters[0]?.cluster.server ?? "";
}
