/** One label of a host name as DNS takes it. */
export const dnsLabel = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/**
 * Lower-cases a host name, checks every label and adds the final dot that Designate insists on.
 * @throws if a label is empty, over 63 characters, or not made of a-z, 0-9 and inner "-".
 */
export function toFqdn(hostname: string): string {
  const labels = hostname.toLowerCase().replace(/\.$/, "").split(".");
  const bad = labels.find((label) => !dnsLabel.test(label));
  if (bad !== undefined) throw new Error(`host name "${hostname}": label "${bad}" is not valid in DNS`);
  return `${labels.join(".")}.`;
}

/** An id as OpenStack gives them; anything else is taken for a name. */
export function isId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

/** What a port's fixed addresses say; the IPv6 address comes without the brackets that some clouds write. */
export interface Addresses {
  readonly ipv4: string | undefined;
  readonly ipv6: string | undefined;
}

/** Splits a port's addresses by family; the first of each counts. */
export function addressesOf(fixedIps: readonly string[]): Addresses {
  const plain = fixedIps.map((address) => address.replace(/[[\]]/g, ""));
  return {
    ipv4: plain.find((address) => !address.includes(":")),
    ipv6: plain.find((address) => address.includes(":")),
  };
}
