/** The commands that build and push the images of a release. */
import { images, repositoryOf } from "../../../components/dials/images.ts";

/** Dockerfile of each image, and the folder that is sent to the builder: DIALS' own layout. */
export const builds = {
  etl: "etl/Dockerfile.prod",
  backend: "backend/Dockerfile",
  frontend: "frontend/Dockerfile.prod",
} as const;

export type Steps = readonly (readonly string[])[];

/** The commands of a release, in their order. `engine` is docker or podman. */
export function plan(engine: string, version: string, mirror: string): Steps {
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

/** The commands that build a stack's own frontend by a Dockerfile of its own, and push it. */
export function stackPlan(engine: string, version: string, stack: string, dockerfile: string): Steps {
  const tag = `${repositoryOf(images.frontend)}:${version}-${stack}`;
  return [
    [engine, "build", "--file", dockerfile, "--tag", tag, "."],
    [engine, "push", tag],
  ];
}
