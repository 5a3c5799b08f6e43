/** Addresses of hosts from a file like /etc/hosts: for a place that the world's DNS does not lead to, or not yet. */
import { lookup } from "node:dns";
import { readFileSync } from "node:fs";
import { isIP, type LookupFunction } from "node:net";
import { UsageError } from "../../../cli/usage.ts";

/** Looks hosts up in the file first, then as usual. @throws UsageError if the file cannot be read or has a line of another form */
export function lookupBy(file: string): LookupFunction {
  const known = addressesIn(file);
  return (host, options, done) => {
    const address = known.get(host.toLowerCase());
    if (address === undefined) lookup(host, options, done);
    else if (options.all === true) done(null, [{ address, family: isIP(address) }]);
    else done(null, address, isIP(address));
  };
}

function addressesIn(file: string): ReadonlyMap<string, string> {
  const entries = textOf(file)
    .split("\n")
    .flatMap((line, at) => {
      const [address = "", ...names] = line.replace(/#.*/, "").split(/\s+/).filter(Boolean);
      if (address === "") return [];
      if (isIP(address) === 0 || names.length === 0)
        throw new UsageError(`${file}, line ${at + 1}: an address and the names of its hosts, as in /etc/hosts`);
      return names.map((name) => [name.toLowerCase(), address] as const);
    });
  // As in /etc/hosts the first line counts.
  return new Map(entries.toReversed());
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`--hosts-file ${file} cannot be read: ${error instanceof Error ? error.message : ""}`);
  }
}
