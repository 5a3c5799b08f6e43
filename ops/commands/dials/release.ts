/** `orrery dials release`. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { childEnvironment } from "../../../config/childEnvironment.ts";
import { dialsSchema } from "../../../components/dials/config.ts";
import { isProductionBuild } from "../../../components/dials/frontendBuild.ts";
import { defineCommand } from "../../../cli/command.ts";
import { builds, plan, stackPlan, type Steps } from "../../lib/dials/releasePlan.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { UsageError } from "../../../cli/usage.ts";
import { namedStack, openStack, optionalStackOptions } from "../../lib/stack.ts";
import { stackDockerfile } from "../../lib/dials/stackBuild.ts";

const defaultMirror = "docker.io/nginxinc/nginx-unprivileged:1.26.3";

const releaseOptions = {
  ...optionalStackOptions,
  stack: { ...optionalStackOptions.stack, help: "build the frontend for this stack: reads Pulumi.S.yaml" },
  source: { type: "string", value: "FOLDER", default: ".", help: "the checkout, at the tag of the release" },
  engine: { type: "string", value: "docker|podman", default: "docker", help: "the program that builds and pushes" },
  mirror: { type: "string", value: "IMAGE", default: defaultMirror, help: "nginx image to mirror" },
  "dry-run": { type: "boolean", help: "only print the commands" },
} as const satisfies OptionSpecs;

export const command = defineCommand({
  usage: "VERSION",
  about: `Builds the images of a release and pushes them with their version as tag. Builds etl, backend and frontend from a checkout of DIALS'
sources, mirrors nginx-unprivileged, and pushes all four to the registry: DIALS' own script pushes "latest" only. Log in first: docker
login registry.cern.ch. Then: npx orrery dials images pin etl=VERSION backend=VERSION frontend=VERSION --stack S

The addresses that the frontend uses are compiled in, and the sources know one environment with a host of its own, production. With
--stack the frontend is built for that stack instead: its frontend/src/config/env.js is written from frontendBuild and sso of the
settings, and the image is pushed as VERSION-S. Then: npx orrery dials images pin frontend=VERSION-S --stack S`,
  options: releaseOptions,
  async run(values, [version]) {
    if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
      throw new UsageError(`VERSION is "${version}"; give one such as 1.12.1`);
    const { engine, source, mirror, dryRun: dry } = values;
    if (!existsSync(source)) throw new Error(`--source: there is no folder ${path.resolve(source)}`);
    const absent = Object.values(builds).filter((file) => !existsSync(path.join(source, file)));
    if (absent.length > 0) {
      throw new Error(
        `${path.resolve(source)} is not a checkout of DIALS: it lacks ${absent.join(", ")}; name one by --source`,
      );
    }
    if (values.stack === undefined) return perform(plan(engine, version, mirror), source, dry);
    const dir = mkdtempSync(path.join(tmpdir(), "dials-release-"));
    try {
      return await perform(stackSteps(engine, version, source, dir, values), source, dry);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
});

/** The steps for one stack; writes the Dockerfile that they name. @throws if the stack runs the production build */
function stackSteps(
  engine: string,
  version: string,
  source: string,
  dir: string,
  values: ValuesOf<typeof releaseOptions>,
): Steps {
  const { name, settings } = openStack(dialsSchema, namedStack(values));
  if (isProductionBuild(settings)) {
    throw new UsageError(
      `stack ${name} runs the production build: set dials:settings.frontendBuild first, or leave --stack out`,
    );
  }
  const file = path.join(dir, "Dockerfile");
  const read = (at: string): string => readFileSync(path.join(source, at), "utf8");
  const texts = { dockerfile: read(builds.frontend), environment: read("frontend/src/config/env.js") };
  writeFileSync(file, stackDockerfile(name, settings, texts));
  return stackPlan(engine, version, name, file);
}

async function perform(steps: Steps, source: string, dry: boolean): Promise<number> {
  for (const step of steps) {
    console.log(step.join(" "));
    if (!dry) await run(step, source);
  }
  return 0;
}

function run([program = "", ...args]: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: childEnvironment(program), stdio: "inherit" });
    child.on("error", () => {
      reject(new Error(`${program} is not installed`));
    });
    child.on("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`"${[program, ...args].join(" ")}" failed; what was pushed before stays, run it again`));
    });
  });
}
