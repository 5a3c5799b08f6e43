/** Policies that a container or pod may be exempted from with a reason; policy/ checks the rest. */
export type ExceptionRule =
  | "writable-root"
  | "run-as-root"
  | "privilege-escalation"
  | "capabilities"
  | "privileged"
  | "no-cpu-limit"
  | "no-probes"
  | "floating-tag"
  | "host-path"
  | "host-network";

/** Rule -> reason. Every entry becomes part of the workload's annotation `orrery/exception-<rule>`. */
export type Exceptions = Readonly<Partial<Record<ExceptionRule, string>>>;

/** Prefix of the annotations that list exceptions; the value has one line a container or pod: `<who>: <reason>`. */
export const exceptionPrefix = "orrery/exception-";

/** Collects the exceptions into annotations. @throws if a reason is empty */
export function exceptionAnnotations(
  owners: readonly { readonly name: string; readonly exceptions?: Exceptions | undefined }[],
): Record<string, string> {
  const lines = new Map<string, string[]>();
  for (const { name, exceptions } of owners) {
    for (const [rule, reason] of Object.entries(exceptions ?? {})) {
      if (reason.trim() === "") {
        throw new Error(`[exceptions.${rule}] of "${name}" needs a reason`);
      }
      lines.set(rule, [...(lines.get(rule) ?? []), `${name}: ${reason}`]);
    }
  }
  return Object.fromEntries(
    [...lines].sort().map(([rule, reasons]) => [`${exceptionPrefix}${rule}`, reasons.join("\n")]),
  );
}
