/** Changes of a stack file's text that leave every other byte as it was. */
import { Document, isMap, isScalar, isSeq, parseDocument, Scalar, stringify, visit } from "yaml";
import { engineReading } from "./strictYaml.ts";

/** Sets the value at a path that exists. @throws if it does not. */
export function setAt(text: string, path: readonly (string | number)[], value: unknown): string {
  const node = parseDocument(text).getIn(path, true) as
    { range?: readonly [number, number, number] | null } | undefined;
  if (!node?.range) throw new Error(`${path.join(" / ")} is not in the stack file`);
  const [start, end] = node.range;
  return text.slice(0, start) + inline(value) + text.slice(start + text.slice(start, end).trimEnd().length);
}

/**
 * Sets the value at a path, adding what is missing: keys at the end of their map, the next index at the end of a list.
 * @throws if something on the way is neither map nor list.
 */
export function put(text: string, path: readonly (string | number)[], value: unknown): string {
  const document = parseDocument(text);
  if (document.hasIn(path)) return setAt(text, path, value);
  const [parentPath, key] = [path.slice(0, -1), path.at(-1) ?? ""];
  const parent = document.getIn(parentPath, true);
  if (parent === undefined) return put(text, parentPath, typeof key === "number" ? [value] : { [key]: value });
  if (!(isMap(parent) || isSeq(parent)) || !parent.range) {
    throw new Error(`${parentPath.join(" / ")} in the stack file holds no map or list to add to`);
  }
  const entry = isSeq(parent) ? inline(value) : inline({ [key]: value }).slice(1, -1);
  const [start, end] = parent.range;
  const body = text.slice(start, end).trimEnd();
  if (parent.flow === true) {
    const inside = body.slice(1, -1).trim();
    const [open, close] = isSeq(parent) ? ["[", "]"] : ["{", "}"];
    return (
      text.slice(0, start) +
      open +
      [inside, entry].filter((part) => part !== "").join(", ") +
      close +
      text.slice(start + body.length)
    );
  }
  const indent = " ".repeat(start - (text.lastIndexOf("\n", start - 1) + 1));
  return `${text.slice(0, start)}${body}\n${indent}${isSeq(parent) ? "- " : ""}${entry}${text.slice(start + body.length)}`;
}

/** Sets an encrypted value, over the old one or as the last key of the config. @throws if config is no block map. */
export function setSecret(text: string, key: string, ciphertext: string): string {
  const document = parseDocument(text);
  if (document.hasIn(["config", key, "secure"])) return setAt(text, ["config", key, "secure"], ciphertext);
  if (document.hasIn(["config", key])) return setAt(text, ["config", key], { secure: ciphertext });
  const config = document.get("config", true);
  if (!isMap(config) || config.flow === true || !config.range) {
    throw new Error("the stack file has no block map `config:` to add to; write one key by hand");
  }
  const [start, end] = config.range;
  const body = text.slice(start, end).trimEnd();
  const indent = " ".repeat(start - (text.lastIndexOf("\n", start - 1) + 1));
  const entry = `\n${indent}${inline(key)}:\n${indent}  secure: ${ciphertext}`;
  return text.slice(0, start) + body + entry + text.slice(start + body.length);
}

/** Sets the salt; a new one goes before `config:`, where Pulumi writes it. */
export function setSalt(text: string, salt: string): string {
  const document = parseDocument(text);
  if (document.has("encryptionsalt")) return setAt(text, ["encryptionsalt"], salt);
  const first = isMap(document.contents)
    ? document.contents.items.map(({ key }) => (isScalar(key) && key.value === "config" ? key.range[0] : undefined))
    : [];
  const at = first.find((position) => position !== undefined) ?? text.length;
  return `${text.slice(0, at)}encryptionsalt: ${salt}\n${text.slice(at)}`;
}

/**
 * The file with every secret re-encrypted under another salt; all other bytes stay.
 * @throws if a secret cannot be decrypted, or is nested in another value
 */
export function reencrypt(
  text: string,
  decrypt: (value: string) => string,
  salt: string,
  encrypt: (text: string) => string,
): string {
  const config: unknown = parseDocument(text).toJS();
  const entries = Object.entries((config as { config?: Readonly<Record<string, unknown>> }).config ?? {});
  return entries.reduce(
    (before, [key, value]) => {
      const secure = typeof value === "object" && value !== null && "secure" in value ? value.secure : undefined;
      if (typeof secure === "string") return setSecret(before, key, encrypt(decrypt(secure)));
      if (JSON.stringify(value).includes('"secure":')) {
        throw new Error(`${key} has an encrypted value inside, which only pulumi config can change`);
      }
      return before;
    },
    setSalt(text, salt),
  );
}

/** The file with only the keys of these namespaces, e.g. `clusters` and one system. @throws if it has no config */
export function keepSystems(text: string, namespaces: readonly string[]): string {
  const document = parseDocument(text);
  const config = document.get("config", true);
  if (!isMap(config)) throw new Error("the stack file has no config");
  config.items = config.items.filter(
    ({ key }) => isScalar(key) && namespaces.includes(String(key.value).split(":")[0] ?? ""),
  );
  return document.toString({ lineWidth: 0 });
}

/** The file without what is at these paths. */
export function withoutPaths(text: string, paths: readonly (readonly string[])[]): string {
  const document = parseDocument(text);
  for (const path of paths) document.deleteIn(path);
  return document.toString({ lineWidth: 0 });
}

/** The file with the keys of another one that it lacks. @throws if one of them has no config */
export function withKeysOf(text: string, other: string): string {
  const [document, from] = [parseDocument(text), parseDocument(other)];
  const [config, more] = [document.get("config", true), from.get("config", true)];
  if (!isMap(config) || !isMap(more)) throw new Error("the stack file has no config");
  config.items.push(...more.items.filter(({ key }) => isScalar(key) && !config.has(key.value)));
  return document.toString({ lineWidth: 0 });
}

/** YAML on one line, in the form that Pulumi itself writes; a text that the engine would take for a date or number is quoted. */
function inline(value: unknown): string {
  // No anchors: a stack file may not hold any.
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === "string" && engineReading(node.value) !== undefined) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return stringify(document, { lineWidth: 0, collectionStyle: "flow", flowCollectionPadding: false }).trimEnd();
}
