import type { ImageName } from "../imageTable.ts";
import type { Role } from "../roles.ts";

/** Values that a job reads from the ConfigMap and the Secret `thoth` of its namespace. */
export type JobInputs = "store" | "graph" | "isis" | "amun" | "sync";

/** One of the Jobs of a Template. */
export interface TemplateJob {
  readonly image: ImageName;
  readonly component: string;
  /** Variables with fixed values. */
  readonly fixed?: Readonly<Record<string, string>>;
  /** Further labels of the job. */
  readonly jobLabels?: Readonly<Record<string, string>>;
}

/** One Template, mostly with one Job. */
export interface JobTemplate {
  /** Name, and the label `template` by which it is found; no other Template may have that label. */
  readonly name: string;
  /** Further labels of the Template. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Where its jobs run. */
  readonly runsIn: readonly Role[];
  /** Further namespaces in which programs list it. @default none */
  readonly listedIn?: readonly Role[];
  /** The caller chooses one. */
  readonly jobs: readonly TemplateJob[];
  /** Parameter that names the job. */
  readonly id: string;
  /** Parameters; null is required, a text is the default. */
  readonly parameters: Readonly<Record<string, string | null>>;
  /** Variables of parameters whose name differs; null for none. @default the parameter's name */
  readonly variables?: Readonly<Record<string, string | null>>;
  readonly inputs: readonly JobInputs[];
  readonly cpu: string | readonly [string, string];
  readonly memory: string | readonly [string, string];
  /** Seconds after which it is ended. @default never */
  readonly deadline?: number;
  readonly retries?: number;
  readonly restart?: "OnFailure";
  /** What the graph-sync scheduler makes of it when it is done. */
  readonly task?: string;
}
