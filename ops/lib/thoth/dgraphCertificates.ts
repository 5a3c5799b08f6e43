/** Dgraph's certificates among the resources of a program. */
import type { Program } from "../program.ts";

/** URNs of what is to be replaced. */
export function replaced(
  { resources }: Pick<Program<unknown>, "resources">,
  keys: boolean,
  authority: boolean,
): readonly string[] {
  return resources
    .filter(({ type, name }) => {
      if (!type.startsWith("tls:")) return false;
      const ofAuthority = /-certificates-ca(-key)?$/.test(name);
      const isKey = type.endsWith(":PrivateKey");
      if (ofAuthority) return authority && (!isKey || keys);
      return type.endsWith(":LocallySignedCert") || (keys && isKey);
    })
    .map(({ urn }) => urn);
}
