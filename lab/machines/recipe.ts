/** The recipe of the machines' image. */

/** What an image is made from. */
export interface Recipe {
  /** Raise it when the steps below change. */
  readonly revision: number;
  /** Packages for debootstrap; apt installs the rest. */
  readonly base: readonly string[];
  readonly packages: readonly string[];
  /** Installed during the build only. */
  readonly buildPackages: readonly string[];
  /** Other software of hubs, so that new machines do not download it. */
  readonly software: Software;
  /** Size of the root file system, for truncate; cloud-init grows it to the flavour's disk. */
  readonly size: string;
  /** Folder with the scripts to run inside the root, the initrd's init, and files/ to copy. */
  readonly folder: string;
}

/** Software from outside Debian. */
interface Software {
  /** By pip's lock files, which are texts. */
  readonly venvs: readonly { readonly folder: string; readonly lockFile: string; readonly lock: string }[];
  /** By npm's manifest and lock file, which are texts. */
  readonly nodePackages: readonly { readonly folder: string; readonly manifest: string; readonly lock: string }[];
  /** Container images with a notebook server, built from the image's own Python. */
  readonly notebooks: readonly {
    readonly name: string;
    readonly folder: string;
    readonly requirements: readonly string[];
  }[];
}
