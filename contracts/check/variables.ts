/** Variables: required ones are set, set ones are read, and every value has its form. */
import { holds, type Situation } from "./situation.ts";

/** Problems of a container's variables, one phrase each. */
export function variableProblems(situation: Situation): readonly string[] {
  const { container, reading } = situation;
  const known = Object.entries(reading.variables ?? {});
  const problems: string[] = [];
  for (const [name, spec] of known) {
    if (!("required" in spec) || spec.required !== true) continue;
    if (holds(spec.when, situation) && !container.variables.has(name))
      problems.push(`variable ${name} is required and missing (${spec.at ?? ""})`);
  }
  for (const [name, given] of container.variables) {
    const [, spec] = known.find(([pattern]) => matches(pattern, name)) ?? [];
    if (given.missing !== undefined) problems.push(`variable ${name}: ${given.missing}`);
    if (spec === undefined) {
      problems.push(`variable ${name} is set but not read`);
      continue;
    }
    if ("never" in spec && spec.never !== undefined) problems.push(`variable ${name} must not be set: ${spec.never}`);
    const form = "form" in spec ? spec.form : undefined;
    // The caller of a Template sets its parameters.
    const open = given.text === undefined || /\$\{\w+\}/.test(given.text);
    const empty = given.text === "" && !("required" in spec && spec.required === true);
    if (form !== undefined && !open && !empty && !new RegExp(form).test(given.text)) {
      problems.push(`variable ${name} does not have the form ${form} (${spec.at ?? ""})`);
    }
  }
  return problems;
}

/** Whether a name fits a pattern with `*` at its end. */
function matches(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}
