/** One image of the chain; its folder in docker-stacks is named like it. */
export interface NotebookImage {
  readonly name: string;
  /** Image of the chain that it is built on; the first is built on a distribution's. */
  readonly on?: string;
  /** What pytest runs after the build; the Swift variant has no tests of its own. */
  readonly tested: boolean;
  /** Built only where it is asked for. */
  readonly optional: boolean;
}

/** Owner of the images at Docker Hub. */
export const imageOwner = "docker.io/callysto";

/** The notebook images, each after the one that it is built on. */
export const notebookImages: readonly NotebookImage[] = [
  { name: "base-notebook", tested: true, optional: false },
  { name: "minimal-notebook", on: "base-notebook", tested: true, optional: false },
  { name: "scipy-notebook", on: "minimal-notebook", tested: true, optional: false },
  { name: "pims-minimal", on: "scipy-notebook", tested: true, optional: false },
  { name: "pims-r", on: "pims-minimal", tested: true, optional: false },
  { name: "callysto-swift", on: "pims-r", tested: false, optional: true },
];
