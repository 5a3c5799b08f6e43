/** The systems of the staging environments, the tools that their owners use today, and how one image is changed. */
import type { Change } from "../lab/harness/system.ts";

/** What a system is compared with. */
export type Today = "kubectl" | "kustomize" | "Ansible" | "OpenTofu";

/** A system of the stack. */
interface Row {
  readonly today: Today;
  readonly change: readonly Change[];
  /** What differs from the committed stack, for every contestant. @default nothing */
  readonly beforehand?: readonly Change[];
}

const hub = ["callysto:settings", "environments", "hub-dev"] as const;

/** The systems by name. */
export const rows: Readonly<Record<string, Row>> = {
  dials: { today: "kubectl", change: [[["dials:settings", "images", "backend"], "registry.example.org/dials:2"]] },
  packit: { today: "Ansible", change: [[["packit:settings", "images", "pushgateway", "tag"], "v0.7.1"]] },
  stream: { today: "Ansible", change: [[["stream:settings", "images", "redis", "tag"], "c9s"]] },
  prow: { today: "kustomize", change: [[["prow:settings", "images", "deck"], "registry.example.org/deck:v2"]] },
  thoth: {
    today: "kubectl",
    change: [[["thoth:settings", "bots", "reviewManager", "image"], "registry.example.org/review-manager:v2"]],
  },
  callysto: {
    today: "OpenTofu",
    // A server's image is read when it is made: another image means another server.
    change: [[[...hub, "rebuildToken"], "2"]],
    // A server without a machine and nothing inside it: else the emulation's start would be measured.
    beforehand: [
      [[...hub, "flavor"], "lab.none"],
      [[...hub, "image"], "lab-empty"],
      [[...hub, "guest"], undefined],
      [["callysto:dummyPassword-hub-dev"], undefined],
    ],
  },
};

/** What can be measured; `all` is all of them in one program. */
export const systems: readonly string[] = [...Object.keys(rows), "all"];
