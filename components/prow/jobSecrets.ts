/** Secrets that only jobs read, and their keys. */
export const jobSecretKeys = {
  "kubevirtci-docker-credential": ["username", "password"],
  "kubevirtci-quay-credential": ["username", "password"],
  "kubevirtci-installer-pull-token": ["token"],
  "commenter-oauth-token": ["oauth"],
  "kubevirtci-coveralls-token": ["token"],
} as const;

export type JobSecretName = keyof typeof jobSecretKeys;
export const jobSecretNames = Object.keys(jobSecretKeys) as [JobSecretName, ...JobSecretName[]];

/** Former file of a member of the secrets, `<name>-<key>`. */
export function jobSecretFile(member: string): string {
  const name = jobSecretNames.find((one) => member.startsWith(`${one}-`)) ?? "";
  return `${name}/${member.slice(name.length + 1)}`;
}
