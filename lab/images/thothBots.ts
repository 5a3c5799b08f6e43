/** Images of Thoth's bots that take webhooks, and of their tunnel's client: real libraries, with programs of our own in place of theirs. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { type Recipe, searchPath, trustAuthorities, users } from "./recipes.ts";

const text = (...file: readonly string[]): string =>
  readFileSync(path.join(import.meta.dirname, "thoth", ...file), "utf8");

const home = "/opt/app-root";

/** As sclorg's image of a Python, in which the cluster builds the bots; Debian's Python is 3.11. */
const python = {
  packages: ["bash", "ca-certificates", "coreutils", "grep", "libnss-wrapper", "python3"],
  checked: true,
  // The Review Manager is given a PYTHONPATH of its own, so the packages are where Python looks by itself.
  script: `
    ln -sf bash bin/sh
    ${trustAuthorities}
    mkdir -p usr/local/lib/python3.11 && ln -s /opt/python usr/local/lib/python3.11/dist-packages
    mkdir -p tmp && chmod 1777 tmp
    chown -R 1001:0 opt/app-root && chmod -R g=u opt/app-root`,
  config: {
    Entrypoint: ["/usr/libexec/s2i/run"],
    User: "1001",
    Env: [`${searchPath}:/opt/python/bin`, "PYTHONUNBUFFERED=1", `HOME=${home}/src`],
    WorkingDir: `${home}/src`,
  },
} as const;

/** Start script, users and the program's own files. */
const files = (own: Readonly<Record<string, string>>): Record<string, string> => ({
  "/usr/libexec/s2i/run": text("s2i", "run.sh"),
  "/etc/group": users({}),
  [`${home}/etc/passwd`]: users({}),
  ...Object.fromEntries(Object.entries(own).map(([name, content]) => [`${home}/src/${name}`, content])),
});

const flask = ["Flask==3.0.3", "Werkzeug==3.0.6"];
const google = ["google-auth==2.35.0", "requests==2.32.3"];
const chat = { "chat.py": text("common", "chat.py") };

const sesheta: Recipe = {
  ...python,
  name: "sesheta",
  images: ["sesheta"],
  program: "gunicorn 22.0.0, Flask 3.0.3 and google-auth 2.35.0 of PyPI; a receiver of our own",
  python: ["gunicorn==22.0.0", ...flask, ...google],
  files: files({ ...chat, "wsgi.py": text("sesheta", "wsgi.py") }),
};

const webhook2kafka: Recipe = {
  ...python,
  name: "webhook2kafka",
  images: ["webhook2kafka"],
  program: "Flask 3.0.3 and kafka-python 1.4.6 of PyPI; a receiver of our own",
  python: [...flask, "kafka-python==1.4.6"],
  files: files({ "webhook2kafka.py": text("webhook2kafka", "webhook2kafka.py") }),
};

const normalizers: Recipe = {
  ...python,
  name: "normalizers",
  images: ["normalizers"],
  program: "faust-streaming 0.15.3 of PyPI; agents of our own",
  python: ["faust-streaming==0.15.3"],
  files: files({
    "normalizers.py": text("normalizers", "normalizers.py"),
    "normalizers.sh": text("normalizers", "normalizers.sh"),
  }),
};

const reviewManager: Recipe = {
  ...python,
  name: "review-manager",
  images: ["sefkhet-abwy-webhook-receiver"],
  program: "octomachinery 0.3.6 and google-auth 2.35.0 of PyPI; handlers of our own",
  python: ["octomachinery==0.3.6", "gidgethub==5.2.1", "anyio==1.4.0", "setuptools==79.0.1", ...google],
  files: files({ ...chat, "review-manager": text("reviewManager", "review-manager.py") }),
};

const ultrahook: Recipe = {
  name: "ultrahook",
  images: ["ultrahook"],
  program: "Ruby 3.1 of Debian 12; a client of our own",
  packages: ["bash", "coreutils", "ruby3.1"],
  files: {
    "/tmp/scripts/run": text("ultrahook", "run"),
    [`${home}/src/ultrahook.rb`]: text("ultrahook", "ultrahook.rb"),
    "/etc/passwd": users({ default: 1001 }),
  },
  checked: true,
  script: `
    ln -sf bash bin/sh
    ln -sf ruby3.1 usr/bin/ruby
    chmod 1777 tmp`,
  config: { Entrypoint: ["/tmp/scripts/run"], User: "1001", Env: [searchPath], WorkingDir: `${home}/src` },
};

/** Built when a demonstration needs them: elsewhere nothing is at the other end, and stand-ins look at what the containers have. */
export const botRecipes: readonly Recipe[] = [sesheta, webhook2kafka, normalizers, reviewManager, ultrahook];
