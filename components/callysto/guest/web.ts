import type { GuestPart } from "../../openstack/guest/description.ts";
import { certificateFile, keyFile, receiverFile, virtualHostsFile } from "./certificate.ts";
import { indexPage, logoutPage } from "./pages.ts";
import type { SiteSettings } from "./settings.ts";

const folder = "/var/www/html/site";
const enabled = "/etc/apache2/sites-enabled/jupyter.conf";

/** Apache in front of JupyterHub: TLS, landing and logout page. */
export function webServer(hostname: string, site: SiteSettings): GuestPart {
  return {
    packages: ["apache2", "openssl"],
    files: [
      { path: virtualHostsFile, text: virtualHosts(hostname) },
      { path: `${folder}/index.html`, text: indexPage(hostname, site) },
      { path: `${folder}/logout/index.html`, text: logoutPage(hostname, site) },
      receiverFile(hostname),
    ],
    // An image may bring mod_shib: its package leaves a file that Apache cannot read without the module.
    absentFiles: ["/etc/apache2/sites-enabled/000-default.conf", "/etc/apache2/conf-enabled/shib.conf"],
    steps: [
      "apache_module ssl proxy proxy_http proxy_wstunnel headers rewrite",
      `link ${enabled} ${virtualHostsFile}`,
      `placeholder_certificate ${hostname} ${certificateFile} ${keyFile}`,
      `apachectl configtest 2>&1 | grep -q "Syntax OK" || fail "apache refuses its configuration: $(apachectl configtest 2>&1 | xargs -0)"`,
    ],
    units: [{ name: "apache2", how: "reload", files: [virtualHostsFile, certificateFile] }],
  };
}

/** The two virtual hosts: everything to HTTPS, and there the pages and the proxy. */
export function virtualHosts(hostname: string): string {
  return `ServerName ${hostname}
# Nobody says from outside who he is.
RequestHeader unset REMOTE_USER

<VirtualHost *:80>
  ServerName ${hostname}
  Redirect permanent / https://${hostname}/
  ErrorLog \${APACHE_LOG_DIR}/jupyter-error.log
  CustomLog \${APACHE_LOG_DIR}/jupyter-access.log combined
</VirtualHost>

<VirtualHost *:443>
  ServerName ${hostname}
  DocumentRoot ${folder}
  ErrorLog \${APACHE_LOG_DIR}/jupyter-ssl-error.log
  CustomLog \${APACHE_LOG_DIR}/jupyter-ssl-access.log combined

  SSLEngine on
  SSLCertificateFile ${certificateFile}
  SSLCertificateKeyFile ${keyFile}
  SSLProtocol -all +TLSv1.2 +TLSv1.3
  SSLCipherSuite ECDHE+AESGCM:ECDHE+CHACHA20
  SSLHonorCipherOrder on
  SSLCompression off
  SSLSessionTickets off
  Header always set Strict-Transport-Security "max-age=15768000"

  ProxyPreserveHost on
  RequestHeader set X-Forwarded-Proto https
  # Kernels and terminals talk over WebSockets.
  ProxyPass /jupyter http://127.0.0.1:8000/jupyter upgrade=websocket
  ProxyPassReverse /jupyter http://127.0.0.1:8000/jupyter

  <Directory ${folder}>
    Require all granted
  </Directory>
</VirtualHost>
`;
}
