/** What a backup of the database consists of: a dump, and what must be in it. */

/** The dump, as SQL of pg_dump. */
export const dumpFile = "database.sql";

/** One line of JSON, {@link Contents}. */
export const contentsFile = "contents.json";

/** What was in a database when it was dumped; the restored one is compared with it. */
export interface Contents {
  /** Version of PostgreSQL. */
  readonly server: string;
  readonly database: string;
  /** Roles that may own or use something. */
  readonly roles: readonly string[];
  /** By schema and name; the checksum does not depend on the order of the rows. */
  readonly tables: Readonly<Record<string, { readonly rows: number; readonly checksum: string }>>;
  /** Last values. Sequences are outside of transactions: the dump may have a later one. */
  readonly sequences: Readonly<Record<string, number>>;
}

/** Rows as text are the same everywhere with these settings. */
export const contentsSettings = [
  "SET TimeZone = 'UTC'",
  "SET DateStyle = 'ISO, YMD'",
  "SET IntervalStyle = 'postgres'",
  "SET bytea_output = 'hex'",
  "SET extra_float_digits = 1",
  "SET search_path = pg_catalog",
  "SET row_security = off",
] as const;

const numbers = (select: string): string => `query_to_xml(format('${select}', nspname, relname), false, true, '')`;
const number = (name: string): string => `(xpath('/row/${name}/text()', found))[1]::text`;
/** Relations of a kind; OFFSET 0 keeps the planner from reading others before it has left them out. */
const relations = (kind: string): string => `(SELECT nspname, relname
      FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
      WHERE relkind = '${kind}' AND relpersistence <> 't' AND nspname <> 'information_schema' AND nspname !~ '^pg_'
        AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')
      OFFSET 0) own`;

/** A query that gives {@link Contents}. Reads every row. */
export const contentsQuery = `SELECT json_build_object(
  'server', current_setting('server_version'),
  'database', current_database(),
  'roles', (SELECT json_agg(rolname ORDER BY rolname) FROM pg_roles WHERE rolname !~ '^pg_'),
  'tables', (
    SELECT coalesce(json_object_agg(nspname || '.' || relname,
      json_build_object('rows', ${number("n")}::bigint, 'checksum', ${number("s")}) ORDER BY nspname, relname), '{}')
    FROM ${relations("r")} CROSS JOIN LATERAL ${numbers("SELECT count(*) AS n, coalesce(sum((''x'' || substr(md5(t::text), 1, 15))::bit(60)::bigint), 0) AS s FROM ONLY %I.%I t")} found),
  'sequences', (
    SELECT coalesce(json_object_agg(nspname || '.' || relname, ${number("n")}::bigint ORDER BY nspname, relname), '{}')
    FROM ${relations("S")} CROSS JOIN LATERAL ${numbers("SELECT last_value AS n FROM %I.%I")} found))`;

/** Last line of a whole dump of one database. */
export const dumpEnd = "-- PostgreSQL database dump complete";

/**
 * A script for bash that writes both files into its working folder, of one and the same moment, or fails. It needs the
 * variables of PostgreSQL's clients: PGHOST, PGUSER, PGPASSWORD, PGDATABASE.
 */
export const dumpScript = `set -euo pipefail
psql --no-psqlrc --no-password --quiet --no-align --tuples-only --set ON_ERROR_STOP=1 --file - <<'END'
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
${contentsSettings.join(";\n")};
\\o ${contentsFile}
${contentsQuery};
\\o
SELECT pg_export_snapshot() AS snapshot \\gset
\\setenv SNAPSHOT :snapshot
\\! pg_dump --no-password --snapshot="$SNAPSHOT" --file=${dumpFile} || rm -f ${dumpFile}
COMMIT;
END
if ! tail -c 4096 ${dumpFile} | grep -q -e '^${dumpEnd}'; then
  echo "the dump broke off; nothing is saved" >&2
  exit 1
fi
`;
