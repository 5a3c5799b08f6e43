/** Images of Prow: its own programs, and the lab's own programs in the place of those that are in no package. */
import { texts } from "./python.ts";
import { type Recipe, searchPath, trustAuthorities, users, withTmp } from "./recipes.ts";

/** Prow's programs by the name of their image; the names of the programs are the same. */
const prowPrograms: readonly { readonly name: string; readonly git?: true; readonly pages?: true }[] = [
  ...["branchprotector", "crier", "exporter", "ghproxy", "horologium", "needs-rebase"].map((name) => ({ name })),
  ...["entrypoint", "initupload", "prow-controller-manager", "sidecar", "sinker"].map((name) => ({ name })),
  { name: "deck", pages: true },
  ...(["cherrypicker", "clonerefs", "hook", "status-reconciler", "tide"] as const).map((name) => ({
    ...{ name, git: true as const },
  })),
];

const people = { "/etc/passwd": users({ nonroot: 65532 }), "/etc/group": users({ nonroot: 65532 }) };

/** Where ko puts what Deck shows. */
const deckFiles = {
  "/var/run/ko/template": ["prow", "template"],
  "/var/run/ko/static": ["deckPages", "static"],
  "/var/run/ko/lenses": ["deckPages", "lenses"],
} as const;

/** Built of the newest version of Prow that is a Go module, of 2024-06-19; it knows every flag that the stacks set. */
const prow = prowPrograms.map(({ name, git, pages }): Recipe => {
  return {
    name: `prow-${name}`,
    images: [name],
    program: `Prow's ${name} of 2024-06-19`,
    packages: [
      "ca-certificates",
      ...(git === true ? ["dash", "git"] : []),
      // It runs mkdir, and git submodule is a script.
      ...(name === "clonerefs" ? ["coreutils", "grep", "sed"] : []),
    ],
    programs: {
      [`/ko-app/${name}`]: ["prow", name],
      ...(pages === true ? deckFiles : {}),
    },
    files: people,
    script: `
      ${git === true ? "ln -sf dash bin/sh" : ""}
      ${trustAuthorities}
      ${withTmp}`,
    config: { Entrypoint: [`/ko-app/${name}`], Env: [searchPath, "KO_DATA_PATH=/var/run/ko"] },
  };
});

/** A program that first has its container checked. */
const checkedAt = (place: string, name: string): string =>
  `#!/bin/sh\nstandin before ${place} "$@" || exit 1\nexec /opt/own/${name} "$@"\n`;

/** An image's own program at the real one's place, with what both need. */
const own = (image: string, place: string, name: string, does: string, ...more: readonly string[]): Recipe => ({
  name: `prow-${image}`,
  images: [image],
  program: `a program of our own on Prow's packages of 2024-06-19: ${does}`,
  packages: ["ca-certificates", "dash", ...more],
  programs: { [`/opt/own/${name}`]: ["prowOwn", name] },
  files: { ...people, [place]: checkedAt(place, name) },
  checked: true,
  script: `
    ln -sf dash bin/sh
    ${trustAuthorities}
    ${withTmp}`,
  config: { Entrypoint: [place], Env: [searchPath] },
});

const mirrorProxy: Recipe = {
  name: "prow-mirror-proxy",
  images: ["rpardini-docker-registry-proxy"],
  program: "nginx 1.22 of Debian 12, as upstream's; CONNECT, settings and start script of our own",
  packages: ["bash", "ca-certificates", "coreutils", "nginx-light", "openssl"],
  programs: { "/usr/local/bin/connect": ["prowOwn", "connect"] },
  files: {
    ...texts("prow/mirrorProxy", "/"),
    "/etc/passwd": users({ nginx: 101, "www-data": 33 }),
    "/etc/group": users({ nginx: 101, "www-data": 33 }),
  },
  checked: true,
  script: `
    ln -sf bash bin/sh
    ${trustAuthorities}
    rm -rf etc/nginx/modules-enabled etc/nginx/sites-enabled
    mkdir -p etc/nginx/conf.d var/log/nginx var/lib/nginx var/cache/nginx run ca certs docker_mirror_cache
    ln -sfn ../run var/run
    ${withTmp}`,
  config: { Entrypoint: ["/entrypoint.sh"], Env: [searchPath] },
};

export const prowRecipes: readonly Recipe[] = [
  ...prow,
  own("label_sync", "/ko-app/label_sync", "labelsync", "it makes labels what a file says"),
  own("rehearse", "/usr/bin/rehearse", "rehearse", "it tries changed jobs", "git"),
  own("release-blocker", "/usr/bin/release-blocker", "releaseblocker", "it labels what blocks a release", "git"),
  mirrorProxy,
];
