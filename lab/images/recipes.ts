/** The images that the lab's own nodes run: one recipe a program. */
import type { NodePrograms } from "../toolchain/nodePrograms.ts";

/** How an image is made. Part of the key under which it is cached. */
export interface Recipe {
  /** Name of the image's folder in the cache. */
  readonly name: string;
  /** References that it answers, with registry and tag: `docker.io/library/redis:7`. */
  readonly references: readonly string[];
  /** Debian packages to unpack, with what they depend on; their scripts do not run. @default none */
  readonly packages?: readonly string[];
  /** Programs to copy: path in the image to an artifact and its file. @default none */
  readonly programs?: Readonly<Record<string, readonly [artifact: keyof NodePrograms, file: string]>>;
  /** Shell commands, run in the image's root folder: links, folders and users that packages' scripts would make. */
  readonly script?: string;
  readonly config: ImageConfig;
}

/** The part of an OCI image's configuration that recipes set. */
interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  /** `uid:gid`. */
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly WorkingDir?: string;
}

const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** Reference of the image whose container holds a pod's namespaces. */
export const pauseImage = "orrery.lab/pause:1";
export const coreDnsImage = "orrery.lab/coredns:1";

export const recipes: readonly Recipe[] = [
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
];
