/** Dgraph's image, whose program is in no package: a server of our own with real TLS and gRPC, and pydgraph, its real client. */
import { type Recipe, searchPath, trustAuthorities } from "./recipes.ts";
import { text } from "./s2i.ts";

/** Built when a demonstration needs it; elsewhere a stand-in looks at what the containers have. */
export const dgraph: Recipe = {
  name: "dgraph",
  images: ["dgraph"],
  program: "grpcio 1.62.3 and pydgraph 1.2.0 of PyPI; a server of our own",
  packages: ["bash", "ca-certificates", "coreutils", "grep", "libstdc++6", "openssl", "python3"],
  python: ["pydgraph==1.2.0", "grpcio==1.62.3", "protobuf==3.20.3"],
  files: {
    "/opt/lab/dgraph.py": text("dgraph", "dgraph.py"),
    "/opt/lab/graph.py": text("dgraph", "graph.py"),
    "/usr/local/bin/dgraph": `#!/bin/bash\nstandin before dgraph "$@" || exit 1\nexec python3 /opt/lab/dgraph.py "$@"\n`,
  },
  checked: true,
  script: `
    ln -sf bash bin/sh
    ${trustAuthorities}
    mkdir -p dgraph && mkdir -p tmp && chmod 1777 tmp`,
  config: {
    Entrypoint: ["dgraph"],
    Env: [searchPath, "PYTHONPATH=/opt/python", "PYTHONUNBUFFERED=1"],
    WorkingDir: "/dgraph",
  },
};
