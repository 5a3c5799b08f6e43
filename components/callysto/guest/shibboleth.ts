import type { GuestFile } from "../../../blocks/openstack/guest/description.ts";
import { escapeHtml } from "./announcement.ts";
import { identityProvider, type NamesBy, namesOf, serviceProvider } from "./names.ts";
import type { SsoSettings } from "./settings.ts";

/** Files that shibd and Apache's module read. */
const shibbolethFolder = "/etc/shibboleth";
export const spKeyFile = `${shibbolethFolder}/sp-signing-key.pem`;
export const spCertificateFile = `${shibbolethFolder}/sp-signing-cert.pem`;

/** The service provider: one identity provider, one attribute, sessions of eight hours. */
export function shibbolethFiles(hostname: string, settings: SsoSettings, contact: string): GuestFile[] {
  const files: Readonly<Record<string, string>> = {
    "shibboleth2.xml": serviceProviderXml(hostname, settings.idleTimeout, namesOf(settings), contact),
    "attribute-map.xml": attributeMap,
    "attribute-policy.xml": attributePolicy,
  };
  return Object.entries(files).map(([name, text]) => ({ path: `${shibbolethFolder}/${name}`, text }));
}

/** Another kind of names is another file, so that shibd restarts and no session with a name of the other kind goes on. */
function serviceProviderXml(hostname: string, idleTimeout: number, names: NamesBy, contact: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
${names === "source" ? "<!-- Users' names depend on their source. -->\n" : ""}<SPConfig xmlns="urn:mace:shibboleth:3.0:native:sp:config" clockSkew="180">
  <ApplicationDefaults entityID="${serviceProvider(hostname)}" REMOTE_USER="persistent-id targeted-id" signing="true"
      cipherSuites="DEFAULT:!EXP:!LOW:!aNULL:!eNULL:!DES:!IDEA:!SEED:!RC4:!3DES:!kRSA:!SSLv2:!SSLv3:!TLSv1:!TLSv1.1">
    <Sessions lifetime="28800" timeout="${idleTimeout}" relayState="ss:mem" checkAddress="false" handlerSSL="true"
        cookieProps="https" redirectLimit="exact">
      <SSO entityID="${identityProvider(hostname)}">SAML2</SSO>
      <Logout>SAML2 Local</Logout>
      <Handler type="MetadataGenerator" Location="/Metadata" signing="false"/>
      <Handler type="Status" Location="/Status" acl="127.0.0.1 ::1"/>
      <Handler type="Session" Location="/Session" showAttributeValues="false"/>
      <Handler type="DiscoveryFeed" Location="/DiscoFeed"/>
    </Sessions>
    <Errors supportContact="${escapeHtml(contact)}"/>
    <MetadataProvider type="XML" validate="false" url="${identityProvider(hostname)}"
        backingFilePath="identity-provider.xml" minRefreshDelay="10" maxRefreshDelay="3600"/>
    <AttributeExtractor type="XML" validate="true" reloadChanges="false" path="attribute-map.xml"/>
    <AttributeFilter type="XML" validate="true" path="attribute-policy.xml"/>
    <CredentialResolver type="File" use="signing" key="${spKeyFile}" certificate="${spCertificateFile}"/>
  </ApplicationDefaults>
  <SecurityPolicyProvider type="XML" validate="true" path="security-policy.xml"/>
  <ProtocolProvider type="XML" validate="true" reloadChanges="false" path="protocols.xml"/>
</SPConfig>
`;
}

/** The hash of a user: eduPersonTargetedID, the bare value of its NameID. */
const attributeMap = `<?xml version="1.0" encoding="UTF-8"?>
<Attributes xmlns="urn:mace:shibboleth:2.0:attribute-map" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <Attribute name="urn:oid:1.3.6.1.4.1.5923.1.1.1.10" id="persistent-id">
    <AttributeDecoder xsi:type="NameIDAttributeDecoder" formatter="$Name" defaultQualifiers="true"/>
  </Attribute>
</Attributes>
`;

/** There is one provider, on the same machine, and it says nothing else. */
const attributePolicy = `<?xml version="1.0" encoding="UTF-8"?>
<AttributeFilterPolicyGroup xmlns="urn:mace:shibboleth:2.0:afp" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <AttributeFilterPolicy>
    <PolicyRequirementRule xsi:type="ANY"/>
    <AttributeRule attributeID="persistent-id">
      <PermitValueRule xsi:type="ANY"/>
    </AttributeRule>
  </AttributeFilterPolicy>
</AttributeFilterPolicyGroup>
`;
