/** Whether a report of fields is one of what changed. */

/** Items of lists have their number or their name in paths, ports their number or name. */
const flat = (path: string): string => path.replaceAll(/\[[^"\]]+\]/g, "[]");

/** Whether a field is at a path or above it. */
function covers(field: string, path: string): boolean {
  const [above, below] = [flat(field), flat(path)];
  return above === below || (below.startsWith(above) && /^[.[]/.test(below.slice(above.length)));
}

/** Paths of changed leaves that no field covers. */
export function unreported(changed: readonly string[], fields: readonly string[]): readonly string[] {
  return changed.filter((path) => !fields.some((field) => covers(field, path)));
}

/** Fields below which nothing changed. The order of a list is a field of its own, which no leaf has. */
export function idle(changed: readonly string[], fields: readonly string[]): readonly string[] {
  return fields.filter(
    (field) => !field.endsWith("[order]") && !changed.some((path) => flat(path).startsWith(flat(field))),
  );
}
