/** What a change asks for on top of what runs, against what clusters and clouds have left: as it is asked of them and shown. */

/** One amount of one quota, of which the change takes more. What is unlimited has no row. */
export interface LiveQuotaRow {
  /** `cluster online, packit-prod/compute` or `cloud rac`. */
  readonly target: string;
  /** As the quota names it. */
  readonly name: string;
  /** How much more the change asks for: cores, bytes (of clouds: MB and GB) or a number. */
  readonly more: number;
  /** Quota less what is in use. */
  readonly left: number;
}

/** The answers about one stack. */
export interface LiveQuota {
  readonly rows: readonly LiveQuotaRow[];
  /** What could not be asked, and why. */
  readonly notCompared: readonly { readonly target: string; readonly text: string }[];
}

/** Whether less is left than the change asks for. */
export const exceeds = ({ more, left }: LiveQuotaRow): boolean => more > left + 1e-9;

/** An amount of a quota as text: a cluster's memory and storage in MiB. */
export function quotaText(target: string, name: string, value: number): string {
  const bytes = target.startsWith("cluster") && /memory|storage/.test(name);
  return bytes ? `${Math.round(value / 2 ** 20)} MiB` : String(Math.round(value * 1000) / 1000);
}
