/** Names that single sign-on gives to users: hashes, which are the names of their homes too. */
import { createHash } from "node:crypto";
import type { SsoSettings } from "./settings.ts";

/** What a name is the hash of, besides the hub and its salt. */
export type NamesBy = "attribute" | "source";

/** What was decided; a hub on which nothing was decided keeps the names that its users have. */
export function namesOf({ names }: Pick<SsoSettings, "names">): NamesBy {
  return names ?? "attribute";
}

/** Address of the identity provider's metadata, which is its name too. */
export function identityProvider(hostname: string): string {
  return `https://${hostname}/simplesaml/saml2/idp/metadata.php`;
}

/** Name of the service provider: users' names depend on it. */
export function serviceProvider(hostname: string): string {
  return `https://${hostname}/shibboleth`;
}

/** What of a person is hashed; the source's own word for where somebody comes from is not used, as it may say anything. */
export function withSource(value: string, entityId: string): string {
  return `${value}!${entityId}`;
}

/** The two ends between which a name is hashed, as SimpleSAMLphp writes them. */
export function nameEnds(hostname: string): readonly [source: string, destination: string] {
  const entity = (set: string, id: string): string => `set${bytes(set)}:${set}set${bytes(id)}:${id}`;
  return [
    entity("saml20-idp-hosted", identityProvider(hostname)),
    entity("saml20-sp-remote", serviceProvider(hostname)),
  ];
}

/** The name that SimpleSAMLphp's filter TargetedID makes of a value. */
export function hashedName(salt: string, hostname: string, value: string): string {
  // The hub reads its salt without the blanks around it.
  const secret = salt.trim();
  const parts = [...nameEnds(hostname), value].map((part) => `${bytes(part)}:${part}`);
  return createHash("sha1")
    .update(`uidhashbase${secret}${parts.join("")}${secret}`)
    .digest("hex");
}

/** PHP's strlen. */
function bytes(text: string): number {
  return Buffer.byteLength(text);
}
