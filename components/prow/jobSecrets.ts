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
