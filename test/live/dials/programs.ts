/** The real programs that read what DIALS renders: Redis, nginx, and Celery with Flower and Django as its images have them. */
import { installPackages } from "../../../lab/openstack/packages.ts";
import { pythonEnvironment } from "../../../lab/harness/python.ts";

/** The versions of the images' lock file, those that the tests use. */
const python = pythonEnvironment("dials", [
  ...["celery==5.4.0", "kombu==5.4.2", "redis==5.2.0", "flower==2.0.1", "celery-redbeat==2.2.0"],
  ...["Django==5.1.3", "django-redis==5.4.0", "dj-database-url==2.3.0", "gunicorn==22.0.0", "python-decouple==3.8"],
  ...["SQLAlchemy==2.0.36", "psycopg2-binary==2.9.10", "alembic==1.14.0"],
]);

/** Folder of the programs of the Python environment. */
export const pythonBin = python.bin;

/** Folder of PostgreSQL's programs. */
export const postgresBin = "/usr/lib/postgresql/15/bin";

/** Puts all of them on the machine; at once when they are there. @throws naming what could not be had */
export async function installPrograms(): Promise<void> {
  await installPackages(
    ["redis-server", "redis-tools", "nginx-light", "postgresql-15", "curl", "docker-registry"],
    () => undefined,
  );
  await python.install();
}
