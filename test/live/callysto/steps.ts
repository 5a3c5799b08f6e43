/** What the program does in a guest, as one script for a machine's file system. */
import { readFileSync } from "node:fs";
import { Secret } from "../../../review/evaluate/secret.ts";
import type { Seen } from "../../unit/openstack/fixture.ts";
import { makeKey } from "../ssh.ts";

/** Words of the toolkit that need a kernel's disks or running services; all others are the real ones. */
const withoutMachine = `
systemctl() { :; }; unit() { :; }; answers() { :; }; mirror() { :; }; dataset() { :; }; mounted() { :; }; filesystem() { :; }; docker() { :; }
disk() { printf -v "$1" %s /dev/null; }
`;

/** Every command that the program runs in a guest, in its order, with its standard input. */
export function guestSteps(seen: Seen, environment: string): string {
  const prefix = `callysto-${environment}-inside-guest-`;
  const key = makeKey();
  const hostKey = readFileSync(key.file, "utf8");
  key.remove();
  const plainOf = (value: unknown): unknown => (value instanceof Secret ? value.value : value);
  const plain = (value: unknown): string => String(plainOf(value));
  return seen.resources
    .filter(({ type, name }) => type.startsWith("command:") && name.startsWith(prefix))
    .filter(({ name }) => name !== `${prefix}release`)
    .map(({ name, inputs }) => {
      const role = name.slice(prefix.length);
      // The first contact runs outside; its commands for the guest are in its environment.
      const contact = role === "identity" ? (plainOf(inputs.environment) as { GUEST_INSTALL: string }) : undefined;
      const input = contact === undefined ? plain(inputs.stdin) : hostKey;
      const command = contact === undefined ? plain(inputs.create) : `systemctl() { :; }\n${contact.GUEST_INSTALL}`;
      const more = role === "toolkit" ? withoutMachine : "";
      const body = `${input}${input.endsWith("\n") ? "" : "\n"}${more}`;
      return `bash -c ${quoted(command)} <<'END_OF_STEP' || { echo "${role} failed" >&2; exit 1; }\n${body}END_OF_STEP\n`;
    })
    .join("");
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
