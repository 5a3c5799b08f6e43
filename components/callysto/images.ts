/** One image of the chain; its folder in docker-stacks is named like it. */
export interface NotebookImage {
  readonly name: string;
  /** Image of the chain that it is built on; the first is built on a distribution's. */
  readonly on?: string;
  /** Built only where it is asked for. */
  readonly optional: boolean;
}

/** Owner of the images at Docker Hub. */
export const imageOwner = "docker.io/callysto";

/** The notebook images, each after the one that it is built on. */
export const notebookImages: readonly NotebookImage[] = [
  { name: "base-notebook", optional: false },
  { name: "minimal-notebook", on: "base-notebook", optional: false },
  { name: "scipy-notebook", on: "minimal-notebook", optional: false },
  { name: "pims-minimal", on: "scipy-notebook", optional: false },
  { name: "pims-r", on: "pims-minimal", optional: false },
  { name: "callysto-swift", on: "pims-r", optional: true },
];
