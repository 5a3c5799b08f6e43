/** Commands that change a stack's file or protections and deploy, for the tests of decisions. */
import { put } from "../../../../config/stackEdit.ts";
import type { FakeWorld } from "./fakeWorld.ts";
import { volumes } from "./project.ts";

interface Case {
  readonly words: readonly string[];
  readonly world?: Partial<FakeWorld>;
  readonly edit?: (text: string) => string;
  /** Whether the file is another one after the command has done its work. @default true */
  readonly changesFile?: false;
}

const twoServers = (text: string): string => put(text, ["config", "packit:settings", "postgres"], { beside: ["13"] });

export const cases: Readonly<Record<string, Case>> = {
  "callysto announcement": { words: ["callysto", "announcement", "Down at noon", "--yes"] },
  "callysto rebuild": { words: ["callysto", "rebuild", "--yes"], world: { replaces: "server-instance$" } },
  "callysto replace-volume": { words: ["callysto", "replace-volume", volumes[0], volumes[2], "--yes"] },
  "packit upgrade-database, the new server": { words: ["packit", "upgrade-database", "--to", "13", "--yes"] },
  "packit upgrade-database, the switch": {
    words: ["packit", "upgrade-database", "--to", "13", "--yes"],
    world: { selectorAfter: "postgres-13" },
    edit: twoServers,
  },
  "packit upgrade-database --forget": {
    words: ["packit", "upgrade-database", "--forget", "13", "--yes"],
    edit: twoServers,
  },
  "packit cleanup": { words: ["packit", "cleanup", "--yes"], changesFile: false },
  "packit pin --up": { words: ["packit", "pin", "packit-worker", `sha256:${"a".repeat(64)}`, "--up", "--yes"] },
  "thoth pause": { words: ["thoth", "pause", "--yes"] },
  "dials pause": { words: ["dials", "pause", "--yes"] },
};
