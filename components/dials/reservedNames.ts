/** Names that no workspace can have. */

/** PostgreSQL's own databases, which the account cannot own, and Django's alias of the default workspace. */
const taken = ["postgres", "template0", "template1", "default"];

/** PostgreSQL's key words that are no database without quotes; Alembic writes CREATE DATABASE without them. */
const keywords = `all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate
collation column concurrently constraint create cross current_catalog current_date current_role current_schema current_time
current_timestamp current_user deferrable desc distinct do else end except false fetch for foreign freeze from full grant group
having ilike in initially inner intersect into is isnull join lateral leading left like limit localtime localtimestamp natural
not notnull null offset on only or order outer overlaps placing primary references returning right select session_user similar
some symmetric system_user table tablesample then to trailing true union unique user using variadic verbose when where window
with`.split(/\s+/);

const reserved: ReadonlySet<string> = new Set([...taken, ...keywords]);

/** Whether a workspace cannot have this name. */
export function isReserved(name: string): boolean {
  return reserved.has(name);
}
