/** Checksums that publishers offer next to their releases. */
import path from "node:path";

/** Where a publisher lists checksums, by the beginning of a release's URL. Others publish none, or none that is certain. */
const publishers: readonly (readonly [prefix: RegExp, list: (url: string) => string])[] = [
  [/^https:\/\/dl\.k8s\.io\//, (url) => `${url}.sha256`],
  [/^https:\/\/github\.com\/etcd-io\/etcd\/releases\/download\//, (url) => `${path.dirname(url)}/SHA256SUMS`],
  [
    /^https:\/\/get\.pulumi\.com\/releases\/sdk\//,
    (url) => url.replace(/pulumi-v(\d+\.\d+\.\d+)-[^/]*$/, "pulumi-$1-checksums.txt"),
  ],
];

/** URL of the list that has a release's checksum; undefined if its publisher offers none. */
export function checksumList(url: string): string | undefined {
  return publishers.find(([prefix]) => prefix.test(url))?.[1](url);
}

/** SHA-256 of a file in a list: a line with its name, or the checksum alone. @returns undefined if the list lacks it */
export function checksumIn(list: string, file: string): string | undefined {
  const lines = list.trim().split("\n");
  const found = lines
    .map((line) => /^([0-9a-f]{64})(?:\s+\*?(\S+))?$/.exec(line.trim()))
    .find((match) => (match?.[2] === undefined ? lines.length === 1 : match[2] === file));
  return found?.[1];
}
