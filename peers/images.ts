/** Images that Kubernetes' tests name, of the same programs built from modules, or of Debian's. */
import { labRecipes, pauseImage, type Recipe, searchPath } from "../lab/images/recipes.ts";

const registry = "registry.k8s.io/e2e-test-images";

/** A recipe of the lab's own, under the tests' names. */
function own(reference: string, name: string, references: readonly string[]): Recipe {
  const recipe = labRecipes.find((one) => one.references?.includes(reference));
  if (recipe === undefined) throw new Error(`lab/images/recipes.ts has no ${reference}`);
  return { ...recipe, name, references };
}

const users = `root:x:0:0::/root:/bin/sh
user-defined-in-image:x:1000:1000::/:/bin/sh
`;
const groups = `root:x:0:
user-defined-in-image:x:1000:
group-defined-in-image:x:50000:user-defined-in-image
`;

/** The tests' own server, client and webhook in one program, with the tools that they run in its container. */
const agnhost: Recipe = {
  name: "agnhost",
  references: [`${registry}/agnhost:2.63.0`, `${registry}/agnhost:2.55`],
  packages: [
    ...["bash", "bind9-dnsutils", "coreutils", "curl", "dash", "findutils", "grep", "hostname", "iproute2"],
    ...["iptables", "libc-bin", "mount", "netcat-openbsd", "procps", "sed", "util-linux"],
  ],
  programs: {
    "/agnhost": ["conformance", "agnhost"],
    "/coredns": ["names", "coredns"],
    "/localhost.crt": ["conformanceFiles", "localhost.crt"],
    "/localhost.key": ["conformanceFiles", "localhost.key"],
  },
  files: { "/etc/passwd": users, "/etc/group": groups },
  script: `
    ln -sf dash bin/sh
    ln -sf nc.openbsd bin/nc
    ln -s agnhost agnhost-2
    mkdir -p uploads tmp root && chmod 1777 tmp`,
  config: { Entrypoint: ["/agnhost"], Cmd: ["pause"], Env: [searchPath] },
};

/** The same questions asked by glibc's own resolver. */
const dnsTesting: Recipe = {
  name: "glibc-dns-testing",
  references: [`${registry}/glibc-dns-testing:2.0.0`],
  packages: ["bash", "bind9-dnsutils", "coreutils", "dash", "hostname", "libc-bin"],
  script: `
    ln -sf dash bin/sh
    mkdir -p tmp && chmod 1777 tmp`,
  config: { Cmd: ["sh"], Env: [searchPath] },
};

/** What the update demo's pages are served from. */
const animal = (name: string): Recipe => ({
  ...agnhost,
  name,
  references: [`${registry}/${name}:1.8`],
  files: { ...agnhost.files, "/data.json": `{\n"image": "${name}.jpg"\n}\n` },
  config: { ...agnhost.config, Cmd: ["test-webserver"] },
});

const nginx: Recipe = {
  name: "e2e-nginx",
  references: [`${registry}/nginx:1.15-4`, `${registry}/nginx:1.27-0`],
  packages: ["coreutils", "dash", "nginx-light"],
  files: {
    "/etc/passwd": "root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/:/bin/sh\n",
    "/etc/group": "root:x:0:\nwww-data:x:33:\n",
  },
  script: `
    ln -sf dash bin/sh
    mkdir -p var/log/nginx var/lib/nginx run tmp && chmod 1777 tmp
    ln -sf /dev/stdout var/log/nginx/access.log
    ln -sf /dev/stderr var/log/nginx/error.log`,
  config: { Entrypoint: ["nginx", "-g", "daemon off;"], Env: [searchPath] },
};

const nonewprivs: Recipe = {
  name: "nonewprivs",
  references: [`${registry}/nonewprivs:1.4`],
  programs: { "/usr/local/bin/nnp": ["conformance", "nnp"] },
  script: "chmod u+s,g+s usr/local/bin/nnp",
  config: { Cmd: ["nnp"], Env: [searchPath] },
};

const busybox = "docker.io/library/busybox:1";

export const conformanceImages: readonly Recipe[] = [
  agnhost,
  dnsTesting,
  animal("kitten"),
  animal("nautilus"),
  nginx,
  nonewprivs,
  own(pauseImage, "e2e-pause", ["registry.k8s.io/pause:3.10.2"]),
  own(busybox, "e2e-busybox", [`${registry}/busybox:1.37.0-1`, `${registry}/busybox:1.36.1-1`]),
  {
    ...own(busybox, "nonroot", [`${registry}/nonroot:1.5`]),
    config: { Cmd: ["sh"], Env: ["PATH=/bin"], User: "1234" },
  },
  {
    name: "etcd",
    references: ["registry.k8s.io/etcd:3.6.8-0"],
    packages: ["etcd-server"],
    script: "mkdir -p usr/local/bin tmp && chmod 1777 tmp && ln -s /usr/bin/etcd usr/local/bin/etcd",
    config: { Env: [searchPath] },
  },
  {
    name: "sample-apiserver",
    references: [`${registry}/sample-apiserver:1.29.2`],
    programs: { "/sample-apiserver": ["conformance", "sample-apiserver"] },
    script: "mkdir -p tmp && chmod 1777 tmp",
    config: { Entrypoint: ["/sample-apiserver"], Env: [searchPath] },
  },
];
