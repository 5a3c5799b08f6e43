/** One section of an ini file; numbers and booleans are written as oslo.config and paste read them. */
export type Section = Readonly<Record<string, string | number | boolean>>;

/** An ini file: section name to section, in the order in which they are written. */
export type Ini = Readonly<Record<string, Section>>;

/** The text of an ini file. @throws if a value spans lines, which would start a new key. */
export function ini(file: Ini): string {
  return Object.entries(file)
    .map(([name, section]) => [`[${name}]`, ...Object.entries(section).map(line), ""].join("\n"))
    .join("\n");
}

function line([key, value]: [string, string | number | boolean]): string {
  const text = String(value);
  if (text.includes("\n")) throw new Error(`the value of "${key}" spans lines: ${text}`);
  return `${key} = ${text}`;
}
