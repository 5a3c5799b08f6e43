/** Images of workloads whose frameworks are on PyPI, with small modules of our own in place of the applications. */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { type Recipe, searchPath, trustAuthorities } from "./recipes.ts";

/** Text files of a folder next to this file, at their paths below `to`. */
export function texts(folder: string, to: string): Record<string, string> {
  const cwd = path.join(import.meta.dirname, folder);
  const files = globSync("**/*.{conf,py,ini,sh,wsgi}", { cwd }).sort();
  return Object.fromEntries(
    files.map((file) => [path.posix.join(to, file), readFileSync(path.join(cwd, file), "utf8")]),
  );
}

export const environment = [`${searchPath}:/opt/python/bin`, "PYTHONPATH=/opt/python", "PYTHONUNBUFFERED=1"];
const passwd = "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n";
const script = `
  ln -sf dash bin/sh
  mkdir -p home/app
  ${trustAuthorities}
  mkdir -p tmp && chmod 1777 tmp`;
export const packages = ["bash", "ca-certificates", "coreutils", "dash", "grep", "hostname", "python3"];

/** A program of /opt/python that first has its container checked; probes call it, too, and are not. */
export const afterCheck = (name: string): string =>
  `#!/bin/sh\nstandin before ${name} "$@" || exit 1\nexec /opt/python/bin/${name} "$@"\n`;

/** The versions of DIALS' lock file. */
const etl: Recipe = {
  name: "dials-etl",
  images: ["dials-etl", "etl"],
  program: "Celery 5.4.0, RedBeat 2.2.0, Flower 2.0.1 and Alembic 1.14.0 of PyPI; tasks and migrations of our own",
  packages,
  python: [
    ...["celery==5.4.0", "kombu==5.4.2", "redis==5.2.0", "flower==2.0.1", "celery-redbeat==2.2.0"],
    ...["python-decouple==3.8", "SQLAlchemy==2.0.36", "psycopg2-binary==2.9.10", "alembic==1.14.0"],
  ],
  files: {
    ...texts("dials/etl", "/home/app/etl"),
    "/usr/local/bin/celery": afterCheck("celery"),
    "/usr/local/bin/alembic": afterCheck("alembic"),
    "/etc/passwd": passwd,
  },
  checked: true,
  script,
  config: { User: "1000", Env: environment, WorkingDir: "/home/app/etl" },
};

const backend: Recipe = {
  name: "dials-backend",
  images: ["dials-backend", "backend"],
  program: "gunicorn 22.0.0, Django 5.1.3 and python-keycloak 3.12.0 of PyPI; an application of our own",
  packages,
  python: [
    ...["Django==5.1.3", "django-redis==5.4.0", "dj-database-url==2.3.0", "gunicorn==22.0.0", "python-decouple==3.8"],
    ...["redis==5.2.0", "psycopg2-binary==2.9.10", "python-keycloak==3.12.0", "django-cors-headers==4.6.0"],
  ],
  files: { ...texts("dials/backend", "/home/app/backend"), "/etc/passwd": passwd },
  checked: true,
  script,
  config: {
    Entrypoint: ["./scripts/run-django-production.sh"],
    User: "1000",
    Env: [...environment, "DJANGO_SETTINGS_MODULE=standin"],
    WorkingDir: "/home/app/backend",
  },
};

export const pythonRecipes: readonly Recipe[] = [etl, backend];
