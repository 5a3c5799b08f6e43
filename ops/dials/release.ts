/** Builds the images of a release and pushes them under their version, so that there is something to go back to. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { images, repositoryOf } from "../../components/dials/images.ts";
import { type Command, text, UsageError } from "../command.ts";

/** Dockerfile of each image, and the folder that is sent to the builder: DIALS' own layout. */
const builds = {
  etl: "etl/Dockerfile.prod",
  backend: "backend/Dockerfile",
  frontend: "frontend/Dockerfile.prod",
} as const;

/** The commands of a release, in their order. `engine` is docker or podman. */
export function plan(engine: string, version: string, mirror: string): readonly (readonly string[])[] {
  const names = Object.keys(builds) as (keyof typeof builds)[];
  const tagged = (name: keyof typeof builds): string => `${repositoryOf(images[name])}:${version}`;
  const target = `${repositoryOf(images["nginx-unprivileged"])}:${mirror.split(":").at(-1) ?? ""}`;
  return [
    ...names.map((name) => [engine, "build", "--file", builds[name], "--tag", tagged(name), "."]),
    [engine, "pull", mirror],
    [engine, "tag", mirror, target],
    ...names.map((name) => [engine, "push", tagged(name)]),
    [engine, "push", target],
  ];
}

export const command: Command = {
  help: `Usage: npm run ops -- dials release VERSION --source DIR [--dry-run]

Builds etl, backend and frontend from a checkout of DIALS' sources, mirrors nginx-unprivileged, and pushes all four to the
registry under their version. Log in first: docker login registry.cern.ch. Then:
npm run ops -- dials images pin etl=VERSION backend=VERSION frontend=VERSION --stack S

  --source DIR       the checkout, at the tag of the release
  --engine E         docker (default) or podman
  --mirror IMAGE     nginx image to mirror (default docker.io/nginxinc/nginx-unprivileged:1.26.3)
  --dry-run          only print the commands`,
  options: {
    source: { type: "string" },
    engine: { type: "string" },
    mirror: { type: "string" },
    "dry-run": { type: "boolean" },
  },
  async run({ values, words: [version] }) {
    if (version === undefined || !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) {
      throw new UsageError(
        `which version? e.g. release 1.12.1${version === undefined ? "" : `; "${version}" is none`}`,
      );
    }
    const engine = text(values, "engine") ?? "docker";
    const steps = plan(engine, version, text(values, "mirror") ?? "docker.io/nginxinc/nginx-unprivileged:1.26.3");
    const source = text(values, "source") ?? ".";
    const absent = Object.values(builds).filter((file) => !existsSync(path.join(source, file)));
    if (values["dry-run"] !== true && absent.length > 0) {
      throw new Error(
        `${path.resolve(source)} is no checkout of DIALS: it lacks ${absent.join(", ")}; name one by --source`,
      );
    }
    for (const step of steps) {
      console.log(step.join(" "));
      if (values["dry-run"] !== true) await run(step, source);
    }
    return 0;
  },
};

function run([program = "", ...args]: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: "inherit" });
    child.on("error", () => {
      reject(new Error(`${program} is not installed`));
    });
    child.on("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`"${[program, ...args].join(" ")}" failed; what was pushed before stays, run it again`));
    });
  });
}
