/** What doctor reports: one check, and what to do about its result. */

/** One check. A problem prevents a deployment, now or soon; a warning should be looked at by the stack's owner. */
export interface Finding {
  readonly level: "ok" | "warning" | "problem";
  /** Group: toolchain, backend, config, secrets, a cluster's or a cloud's name, dns, drift. */
  readonly about: string;
  readonly text: string;
  /** What to do; unless the level is ok. */
  readonly fix?: string;
}

/** A finding of one level. */
export const ok = (about: string, text: string): Finding => ({ level: "ok", about, text });
export const warning = (about: string, text: string, fix: string): Finding => ({ level: "warning", about, text, fix });
export const problem = (about: string, text: string, fix: string): Finding => ({ level: "problem", about, text, fix });

/** What an error says, in one line. */
export function words(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().split("\n")[0] ?? "";
}

/** Prints findings in their order. @returns the exit code: 1 when there is a problem */
export function report(findings: readonly Finding[], json: boolean): number {
  const count = (level: Finding["level"]): number => findings.filter((one) => one.level === level).length;
  if (json) {
    console.log(JSON.stringify(findings, undefined, 2));
  } else {
    const mark = { ok: "ok     ", warning: "WARNING", problem: "PROBLEM" };
    for (const { level, about, text, fix } of findings) {
      console.log(`${mark[level]}  ${about}: ${text}${fix === undefined ? "" : `\n         to do: ${fix}`}`);
    }
    console.log(`${findings.length} checks, ${count("problem")} problems, ${count("warning")} warnings`);
  }
  return count("problem") > 0 ? 1 : 0;
}
