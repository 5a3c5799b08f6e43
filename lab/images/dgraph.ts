/** Images of Dgraph's servers, of a client of theirs, and of what their backups are fetched with. */
import { type Recipe, searchPath, trustAuthorities, withTmp } from "./recipes.ts";

/** Built when a demonstration needs it: a data server takes 1.5 GB, so elsewhere a stand-in looks at what the containers have. */
export const dgraph: Recipe = {
  name: "dgraph",
  images: ["dgraph"],
  program: "Dgraph 1.2.8, the Go module that is nearest to 1.0.15",
  packages: ["bash", "ca-certificates", "coreutils", "curl", "grep"],
  // Dgraph has parts in C.
  builds: ["gcc", "libc6-dev"],
  programs: { "/opt/dgraph/dgraph": ["dgraph", "dgraph"] },
  files: {
    "/usr/local/bin/dgraph": `#!/bin/bash\nstandin before dgraph "$@" || exit 1\nexec /opt/dgraph/dgraph "$@"\n`,
  },
  checked: true,
  script: `
    ln -sf bash bin/sh
    ${trustAuthorities}
    mkdir -p dgraph
    # Ratel is no Go module: its stand-in is the program that checks contracts.
    ln -s ../../bin/standin usr/local/bin/dgraph-ratel
    ${withTmp}`,
  config: { Entrypoint: ["dgraph"], Env: [searchPath], WorkingDir: "/dgraph" },
};

/** What pydgraph's clients of Dgraph 1.2 need: for 1.0 it was 1.2.0. */
export const pydgraph = ["pydgraph==2.0.3", "grpcio==1.62.3", "protobuf==3.20.3"];

/** Reference of the client's image. */
export const dgraphClientImage = "orrery.lab/dgraph-client:1";

export const dgraphClient: Recipe = {
  name: "dgraph-client",
  references: [dgraphClientImage],
  program: "pydgraph 2.0.3 of PyPI",
  packages: ["bash", "coreutils", "libstdc++6", "openssl", "python3"],
  python: pydgraph,
  script: `
    ln -sf bash bin/sh
    ${withTmp}`,
  config: { Env: [searchPath, "PYTHONPATH=/opt/python", "PYTHONUNBUFFERED=1"] },
};

/** Serves and fetches the exports that backups consist of. */
export const rclone: Recipe = {
  name: "rclone",
  images: ["rclone"],
  program: "rclone 1.60 of Debian 12",
  packages: ["ca-certificates", "coreutils", "dash", "gzip", "rclone"],
  script: `
    ln -sf dash bin/sh
    ${trustAuthorities}
    ${withTmp}`,
  config: { Entrypoint: ["rclone"], Env: [searchPath], WorkingDir: "/data" },
};
