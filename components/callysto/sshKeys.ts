/** The account that all operators share; cloud-init gives the image's default user this name. */
export const operator = "ptty2u";

/** One person's or robot's key on one account; the seed's `ssh_public_keys` entry. */
export interface SshKey {
  /** Account in the guest. */
  readonly user: string;
  /** `absent` takes a key away that was deployed earlier; leaving the entry out does not. */
  readonly state: "present" | "absent";
  readonly publicKey: string;
}

/** An entry of an environment: what it leaves out comes from the entry of the same name in the global list. */
export type SshKeyOverride = { readonly [P in keyof SshKey]?: SshKey[P] | undefined };

/** Global entries and an environment's own, merged entry by entry and field by field; sorted by name. */
export function mergeKeys(
  global: Readonly<Record<string, SshKeyOverride>>,
  own: Readonly<Record<string, SshKeyOverride>>,
): Record<string, SshKeyOverride> {
  const names = [...new Set([...Object.keys(global), ...Object.keys(own)])].sort();
  return Object.fromEntries(
    names.map((name) => [name, { user: operator, state: "present" as const, ...global[name], ...own[name] }]),
  );
}

/** The merged entries of an environment; config validation guarantees that each has one. */
export function completeKeys(
  global: Readonly<Record<string, SshKeyOverride>>,
  own: Readonly<Record<string, SshKeyOverride>>,
): Record<string, SshKey> {
  const complete: Record<string, SshKey> = {};
  for (const [name, { user, state, publicKey }] of Object.entries(mergeKeys(global, own))) {
    if (user !== undefined && state !== undefined && publicKey !== undefined)
      complete[name] = { user, state, publicKey };
  }
  return complete;
}

/** The deploy keys on a guest: the present and the next one let in, former ones not. */
export function deployKeys(keys: {
  readonly deployKey: string;
  readonly nextDeployKey?: string | undefined;
  readonly formerDeployKeys: readonly string[];
}): SshKey[] {
  const present = keys.nextDeployKey === undefined ? [keys.deployKey] : [keys.deployKey, keys.nextDeployKey];
  return [
    ...present.map((publicKey): SshKey => ({ user: operator, state: "present", publicKey })),
    ...keys.formerDeployKeys.map((publicKey): SshKey => ({ user: operator, state: "absent", publicKey })),
  ];
}

/** The lines that let people in as one user. */
export function authorizedKeys(keys: Readonly<Record<string, SshKey>>, user: string): string[] {
  return Object.values(keys)
    .filter((key) => key.user === user && key.state === "present")
    .map((key) => key.publicKey.trim());
}

/** Whether a private key belongs to a line of authorized_keys; formats without a readable public half are believed. */
export function isPair(publicKey: string, privateKey: string): boolean {
  const inside = publicHalf(privateKey);
  return inside === undefined || inside === publicKey.trim().split(" ")[1];
}

/**
 * The public half in a private key of OpenSSH's format, as base64; it stands there in plain text.
 * Source: PROTOCOL.key of OpenSSH. Undefined for other formats.
 */
function publicHalf(privateKey: string): string | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----END/.exec(privateKey)?.[1];
  if (body === undefined) return undefined;
  const bytes = Buffer.from(body, "base64");
  let at = "openssh-key-v1\0".length;
  const next = (): Buffer => {
    const length = bytes.readUInt32BE(at);
    at += 4 + length;
    return bytes.subarray(at - length, at);
  };
  next(); // cipher
  next(); // key derivation
  next(); // its options
  at += 4; // number of keys
  return next().toString("base64");
}
