/** The real programs that read what DIALS renders: Redis, nginx, and Celery with Flower and Django as its images have them. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { installPackages } from "../../../lab/openstack/packages.ts";
import { cacheDir } from "../../../lab/settings.ts";

/** The versions of the images' lock file, as far as the tests use them. */
const requirements = [
  ...["celery==5.4.0", "kombu==5.4.2", "redis==5.2.0", "flower==2.0.1", "celery-redbeat==2.2.0"],
  ...["Django==5.1.3", "django-redis==5.4.0", "dj-database-url==2.3.0", "gunicorn==22.0.0", "python-decouple==3.8"],
  ...["SQLAlchemy==2.0.36", "psycopg2-binary==2.9.10", "alembic==1.14.0"],
];

const key = createHash("sha256").update(requirements.join("\n")).digest("hex").slice(0, 12);

/** Folder of the programs of the Python environment. */
export const pythonBin = path.join(cacheDir, `dials-python-${key}`, "bin");

/** Folder of PostgreSQL's programs. */
export const postgresBin = "/usr/lib/postgresql/15/bin";

/** Puts all of them on the machine; at once when they are there. @throws naming what could not be had */
export async function installPrograms(): Promise<void> {
  await installPackages(
    ["redis-server", "redis-tools", "nginx-light", "python3-venv", "postgresql-15", "curl", "docker-registry"],
    () => undefined,
  );
  const folder = path.dirname(pythonBin);
  const whole = path.join(folder, "whole");
  if (existsSync(whole)) return;
  mkdirSync(cacheDir, { recursive: true });
  // Two checkouts may come here at once; an environment cannot be moved once it is made.
  const script = `[ -e "$1/whole" ] && exit 0
    rm -rf "$1" && /usr/bin/python3 -m venv "$1" && shift 1 && "$0" -m pip install -q --disable-pip-version-check "$@"`;
  const done = spawnSync(
    "flock",
    [`${folder}.lock`, "bash", "-c", script, path.join(pythonBin, "python"), folder, ...requirements],
    { encoding: "utf8" },
  );
  if (done.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`the Python packages for DIALS' tests could not be installed: ${done.stderr.trim().slice(-400)}`);
  }
  writeFileSync(whole, "");
}
