import type { GuestRole } from "../../../blocks/openstack/guest/description.ts";
import { quoted } from "../../../blocks/openstack/guest/script.ts";
import { certificateFile, keyFile, receiverFile, virtualHostsFile } from "./certificate.ts";
import { indexPage, logoutPage } from "./pages.ts";
import type { SiteSettings } from "./settings.ts";
import { simplesamlFolder } from "./simplesaml.ts";

const folder = "/var/www/html/site";
const enabled = "/etc/apache2/sites-enabled/jupyter.conf";

/** Apache in front of JupyterHub: TLS, landing and logout page. */
export function webServer(hostname: string, site: SiteSettings, singleSignOn: boolean): GuestRole {
  return {
    packages: ["apache2", "openssl"],
    files: [
      { path: virtualHostsFile, text: virtualHosts(hostname, singleSignOn) },
      { path: `${folder}/index.html`, text: indexPage(hostname, site) },
      { path: `${folder}/logout/index.html`, text: logoutPage(hostname, site) },
      receiverFile(hostname),
    ],
    // Packages that come with the image or with single sign-on leave files; ours say what is needed of them.
    absentFiles: [
      "/etc/apache2/sites-enabled/000-default.conf",
      ...["shib", "simplesamlphp", "php8.2-fpm"].map((name) => `/etc/apache2/conf-enabled/${name}.conf`),
    ],
    steps: [
      "apache_module ssl proxy proxy_http proxy_wstunnel headers rewrite",
      `link ${enabled} ${virtualHostsFile}`,
      `placeholder_certificate ${quoted(hostname)} ${certificateFile} ${keyFile}`,
      `apachectl configtest 2>&1 | grep -q "Syntax OK" || fail "apache refuses its configuration: $(apachectl configtest 2>&1 | xargs -0)"`,
    ],
    units: [{ name: "apache2", how: "reload", files: [virtualHostsFile, certificateFile] }],
  };
}

/** The two virtual hosts: everything to HTTPS, and there the pages and the proxy. */
export function virtualHosts(hostname: string, singleSignOn: boolean): string {
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
${singleSignOn ? signOn : ""}</VirtualHost>
`;
}

/** Login, kernels and terminals require a Shibboleth session; JupyterHub gets the user in REMOTE_USER. */
const signOn = `
  UseCanonicalName On
  ShibCompatValidUser Off
  <Location /Shibboleth.sso>
    SetHandler shib
    AuthType None
    Require all granted
  </Location>
  <LocationMatch "^/jupyter/(hub(/|$)|user/[^/]+/(api/kernels/[^/]+/channels|terminals/websocket/))">
    AuthType shibboleth
    ShibRequestSetting requireSession 1
    Require shib-session
    RequestHeader set REMOTE_USER expr=%{REMOTE_USER}
  </LocationMatch>

  Alias /simplesaml /usr/share/simplesamlphp/www
  <Directory /usr/share/simplesamlphp/www>
    SetEnv SIMPLESAMLPHP_CONFIG_DIR ${simplesamlFolder}
    <FilesMatch "\\.php$">
      SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
    </FilesMatch>
    Require all granted
  </Directory>
`;
