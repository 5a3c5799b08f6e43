/** What the tests of single sign-on share: a hub's secrets, its units started by hand, and somebody who visits. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Seen } from "../../unit/openstack/fixture.ts";
import { deployCallysto } from "../../unit/callysto/fixture.ts";

export const hostname = "hub-dev.callysto.farm";

export const salt = "it's <salt>\n";

/** What a person has seen, as visitor.py prints it. */
export interface Visit {
  readonly way: readonly string[];
  readonly user: string;
  readonly left: string;
  readonly "asked again": boolean;
}

/** A guest's units, started by hand; what they say goes to /tmp/log. */
export const start = `
ip link set lo up
ip link add docker0 type veth peer name inside; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up
unshare --net sleep 200 & container=$!
until [ "$(readlink /proc/$container/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
ip link set inside netns $container
nsenter -t $container -n sh -c 'ip addr add 172.17.0.2/16 dev inside; ip link set inside up'
mkdir -p /run/php /run/shibboleth /run/apache2; chown _shibd /run/shibboleth; chmod 1777 /tmp
exec 3>&1 >>/tmp/log 2>&1
/usr/sbin/php-fpm8.2 -F &
apachectl start
runuser -u _shibd -- /usr/sbin/shibd -f -F &
set -a; . /etc/default/configurable-http-proxy; set +a
sed -n 's/^ExecStart=//p' /etc/systemd/system/configurable-http-proxy.service >/tmp/proxy; bash /tmp/proxy &
(cd /srv/jupyterhub && exec /opt/jupyterhub/bin/jupyterhub --config jupyterhub_config.py) &
answered() { for try in $(seq 120); do curl -fsSk -o /dev/null "$1" && return; sleep 1; done; tail -n 60 /tmp/log >&3; exit 1; }
answered http://127.0.0.1:8000/jupyter/hub/health
answered https://127.0.0.1/simplesaml/saml2/idp/metadata.php
answered https://127.0.0.1/Shibboleth.sso/Metadata
for try in $(seq 60); do [ -s /var/cache/shibboleth/identity-provider.xml ] && break; sleep 1; done
exec >&3 2>&1
cat >/tmp/visitor.py <<'END'
${readFileSync(path.join(import.meta.dirname, "visitor.py"), "utf8")}END
visit() { python3 /tmp/visitor.py ${hostname} "$@" || { tail -n 60 /tmp/log; exit 1; }; }
`;

/** Records hub-dev as single sign-on has it, with keys that its programs take. */
export async function deploySignOn(hub: object): Promise<Seen> {
  const folder = mkdtempSync(path.join(tmpdir(), "callysto-sso-"));
  const of = (text: string): Record<string, string> => ({ "hub-dev": text });
  const [idp, sp] = [keyPair(folder, "idp"), keyPair(folder, "sp")];
  rmSync(folder, { recursive: true });
  const secrets = {
    ...{ ssoSalt: of(salt), ssoAdminPassword: of(`it's "secret" $(x)`), ssoRefreshKey: of("refresh-1") },
    ...{ ssoSamlKey: of(idp.key), ssoSamlCertificate: of(idp.certificate) },
  };
  // Pulumi's provider would make these.
  const made = {
    "tls:index/privateKey:PrivateKey": { privateKeyPem: sp.key },
    "tls:index/selfSignedCert:SelfSignedCert": { certPem: sp.certificate },
  };
  return deployCallysto({ "hub-dev": hub }, {}, secrets, made);
}

/** An RSA key and a certificate of it, both PEM. */
export function keyPair(folder: string, name: string): { readonly key: string; readonly certificate: string } {
  const [key, certificate] = [path.join(folder, `${name}-key`), path.join(folder, `${name}-certificate`)];
  const out = ["-subj", `/CN=${hostname}`, "-days", "30", "-keyout", key, "-out", certificate];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...out], { stdio: "ignore" });
  return { key: readFileSync(key, "utf8"), certificate: readFileSync(certificate, "utf8") };
}
