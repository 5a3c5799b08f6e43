/** Builds, tests and pushes the chain of notebook images from a clone of docker-stacks. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { childEnvironment } from "../../../config/childEnvironment.ts";
import { imageOwner, notebookImages } from "../../../components/callysto/images.ts";
import { defineCommand } from "../../../cli/command.ts";

/** One command of the plan. */
export interface Step {
  readonly command: string;
  readonly args: readonly string[];
  /** Set for its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder that it runs in. @default the present one */
  readonly cwd?: string;
}

/** Which images are built. */
export interface ImageRequest {
  /** Clone of docker-stacks. */
  readonly from: string;
  /** Short hash of its commit. */
  readonly hash: string;
  readonly swift: boolean;
  readonly push: boolean;
  /** Whether the clone has a file or folder. */
  has(file: string): boolean;
}

/**
 * The clone's own tests of an image. Since 2022 (callysto/docker-stacks 7c4f3bd) those of the images that come from upstream
 * are in tests/, with a program that knows which belong to which; the others' are next to their Dockerfile, as all were before.
 */
export function testOf(
  { from, hash, has }: Pick<ImageRequest, "from" | "hash" | "has">,
  name: string,
): Step | undefined {
  const env = { TEST_IMAGE: `${imageOwner}/${name}:${hash}` };
  const together = has("tests/run_tests.py");
  if (together && has(`tests/${name}`)) {
    // It tests the tag latest, which has just been made.
    const args = ["-m", "tests.run_tests", "--short-image-name", name, "--owner", imageOwner];
    return { command: "python3", args, cwd: from };
  }
  if (!has(`${name}/test`)) return undefined;
  const fixtures = together ? ["-p", "tests.conftest"] : [];
  return { command: "python3", args: ["-m", "pytest", ...fixtures, `${name}/test`], env, cwd: from };
}

/** Everything that is done, in order: nothing is pushed before all of it is built and tested. */
export function plan(request: ImageRequest): readonly Step[] {
  const { from, hash, swift, push } = request;
  const images = notebookImages.filter(({ optional }) => swift || !optional);
  const tags = (name: string): string[] => [hash, "latest"].map((tag) => `${imageOwner}/${name}:${tag}`);
  const made = images.flatMap(({ name, on }): Step[] => {
    const test = testOf(request, name);
    const args = [
      "build",
      ...(on === undefined ? [] : ["--build-arg", `BASE_CONTAINER=${imageOwner}/${on}:${hash}`]),
      ...tags(name).flatMap((tag) => ["--tag", tag]),
      path.join(from, name),
    ];
    return [{ command: "docker", args }, ...(test === undefined ? [] : [test])];
  });
  const pushed = images.flatMap(({ name }) => tags(name).map((tag) => ({ command: "docker", args: ["push", tag] })));
  return push ? [...made, ...pushed] : made;
}

/** Short hash of a clean clone. @throws if it is not a clone, or has uncommitted changes */
function hashOf(from: string): string {
  const git = (...words: string[]): string | undefined => {
    const { status, stdout } = spawnSync("git", ["-C", from, ...words], {
      env: childEnvironment("git"),
      encoding: "utf8",
    });
    return status === 0 ? stdout.trim() : undefined;
  };
  const hash = git("rev-parse", "--short", "HEAD");
  if (hash === undefined) throw new Error(`${from} is not a clone of docker-stacks`);
  if (git("status", "--porcelain") !== "")
    throw new Error(`${from} has changes; commit them, as the tag is the commit's hash`);
  for (const { name } of notebookImages) {
    if (!existsSync(path.join(from, name, "Dockerfile"))) {
      throw new Error(`${from} has no ${name}/Dockerfile; the chain is on branch ianabc`);
    }
  }
  return hash;
}

export const command = defineCommand({
  about: `Builds, tests and pushes the chain of notebook images. They are base-notebook, minimal-notebook, scipy-notebook, pims-minimal,
pims-r and, with --swift, callysto-swift, each on the one before it. Runs the clone's own tests of each image and tags it with
the commit's hash and latest. Nothing is pushed before all images are built and tested. The tests require the packages of the
clone's requirements-dev.txt. Log in before --push: docker login. Then set the new tag in guest.jupyterhub.image and deploy.`,
  options: {
    from: { type: "string", value: "FOLDER", required: true, help: "a clean clone of docker-stacks, branch ianabc" },
    swift: { type: "boolean", help: "the Swift variant too" },
    push: { type: "boolean", help: `push to ${imageOwner}` },
    "dry-run": { type: "boolean", help: "only print the commands" },
  },
  run(values) {
    const { from, swift, push } = values;
    const has = (file: string): boolean => existsSync(path.join(from, file));
    const request = { from, hash: hashOf(from), swift, push, has };
    for (const { name } of notebookImages) {
      if ((request.swift || name !== "callysto-swift") && testOf(request, name) === undefined)
        console.error(`the clone has no tests of ${name}`);
    }
    for (const { command: program, args, env, cwd } of plan(request)) {
      const assignments = Object.entries(env ?? {}).map(([name, value]) => `${name}=${value} `);
      console.log(`${assignments.join("")}${program} ${args.join(" ")}`);
      if (values.dryRun) continue;
      const options = { cwd, env: childEnvironment(program, env), stdio: "inherit" } as const;
      const { status, error } = spawnSync(program, args, options);
      if (error !== undefined) throw new Error(`${program} is not installed`);
      if (status !== 0) throw new Error(`${program} failed; nothing was pushed that comes after it`);
    }
    return 0;
  },
});
