/** Filters of SimpleSAMLphp that run for one source and make of its answer what the person's name is the hash of. */
import { nameEnds, namesOf } from "./names.ts";
import { phpLiteral } from "./php.ts";
import type { SsoSettings } from "./settings.ts";

/** Files whose names say which name a person has by either kind: `<by attribute>.<by source>.<source>`, empty. */
export const bothNamesFolder = "/var/lib/callysto/names";

type Filter = object;

export const filter = (name: string, more: object = {}): Filter => ({ class: name, ...more });

export const map = (name: string): Filter =>
  new Map<number | string, unknown>([
    ["class", "core:AttributeMap"],
    [0, name],
  ]);

/**
 * They run where the source is known, in its own `authproc`: the identity provider's chain cannot tell the sources apart.
 * The source's name is put behind the value by us. SmartID's `add_authority` would take the first authority of the
 * assertion, which the source writes itself, and so could name another one.
 */
export function nameFilters(
  hostname: string,
  name: string,
  { entityId, scopes }: SsoSettings["sources"][string],
  settings: SsoSettings,
): Map<number, Filter> {
  const scoped = ["eduPersonPrincipalName", "mail", "email"];
  return new Map<number, Filter>([
    [10, map("oid2name")],
    ...(scopes === undefined || scopes === "any"
      ? []
      : [[20, filter("saml:FilterScopes", { attributes: scoped })] as const]),
    [
      30,
      filter("smartattributes:SmartID", {
        candidates: ["eduPersonTargetedID", "eduPersonPrincipalName", "mail", "email"],
        id_attribute: "smart_id",
        add_authority: false,
        add_candidate: false,
      }),
    ],
    ...(settings.keepBothNames
      ? [[40, filter("core:PHP", { code: keepBothNames(hostname, name, entityId) })] as const]
      : []),
    ...(namesOf(settings) === "source"
      ? [
          [
            50,
            filter("core:AttributeAlter", {
              subject: "smart_id",
              pattern: "/\\z/",
              replacement: `!${entityId.replaceAll(/[\\$]/g, "\\$&")}`,
            }),
          ] as const,
        ]
      : []),
  ]);
}

/** The names are computed as TargetedID would, as only one of them becomes the user's. */
function keepBothNames(hostname: string, source: string, entityId: string): string {
  const [from, to] = nameEnds(hostname).map((end) => phpLiteral(end));
  return `
    $salt = \\SimpleSAML\\Utils\\Config::getSecretSalt();
    $name = function ($value) use ($salt) {
        $hashed = 'uidhashbase' . $salt;
        foreach ([${from}, ${to}, $value] as $part) {
            $hashed .= strlen($part) . ':' . $part;
        }
        return sha1($hashed . $salt);
    };
    $value = $attributes['smart_id'][0];
    $file = '${bothNamesFolder}/' . $name($value) . '.' . $name($value . '!' . ${phpLiteral(entityId)}) . '.${source}';
    if (!@touch($file)) {
        \\SimpleSAML\\Logger::error('cannot keep both names of a user in ${bothNamesFolder}');
    }
  `;
}
