/** What the program does in a guest, as one script for a machine's file system. */
import { readFileSync } from "node:fs";
import { Secret } from "../../../review/evaluate/secret.ts";
import type { Seen } from "../../unit/openstack/fixture.ts";
import { makeKey } from "../ssh.ts";

/** Words of the toolkit that need a kernel's disks or running services; all others are the real ones. */
const withoutMachine = `
systemctl() { :; }; unit() { :; }; answers() { :; }; mirror() { :; }; dataset() { :; }; filesystem() { :; }; docker() { :; }
disk() { printf -v "$1" %s /dev/null; }
`;

/** Every command that the program runs in a guest, in its order, with its standard input. */
export function guestSteps(seen: Seen, environment: string): string {
  const prefix = `callysto-${environment}-inside-guest-`;
  const key = makeKey();
  const hostKey = readFileSync(key.file, "utf8");
  key.remove();
  const plain = (value: unknown): string => String(value instanceof Secret ? value.value : value);
  return seen.resources
    .filter(({ type, name }) => type === "command:remote:Command" && name.startsWith(prefix))
    .filter(({ name }) => name !== `${prefix}release`)
    .map(({ name, inputs }) => {
      const role = name.slice(prefix.length);
      const input = role === "identity" ? hostKey : plain(inputs.stdin);
      const more = role === "toolkit" ? withoutMachine : "";
      const body = `${input}${input.endsWith("\n") ? "" : "\n"}${more}`;
      return `bash -c ${quoted(plain(inputs.create))} <<'END_OF_STEP' || { echo "${role} failed" >&2; exit 1; }\n${body}END_OF_STEP\n`;
    })
    .join("");
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
