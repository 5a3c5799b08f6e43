/** The systems of the staging environments on Kubernetes, the tools that their owners use today, and how one image is changed. */

/** A path under `config` of the stack's file, and what is to be there. */
type Change = readonly [at: readonly (string | number)[], value: unknown];

/** What a system is compared with. */
export type Today = "kubectl" | "kustomize" | "Ansible";

/** A system of the stack. */
interface Row {
  readonly today: Today;
  readonly change: readonly Change[];
}

/** The systems by name. */
export const rows: Readonly<Record<string, Row>> = {
  dials: { today: "kubectl", change: [[["dials:settings", "images", "backend"], "registry.example.org/dials:2"]] },
  packit: { today: "Ansible", change: [[["packit:settings", "images", "flower", "tag"], "2.0.2"]] },
  stream: { today: "Ansible", change: [[["stream:settings", "images", "redis", "tag"], "c9s"]] },
  prow: { today: "kustomize", change: [[["prow:settings", "images", "deck"], "registry.example.org/deck:v2"]] },
  thoth: {
    today: "kubectl",
    change: [[["thoth:settings", "bots", "reviewManager", "image"], "registry.example.org/review-manager:v2"]],
  },
};

/** What can be measured; `all` is all of them in one program. */
export const systems: readonly string[] = [...Object.keys(rows), "all"];
