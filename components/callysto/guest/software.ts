/** What a hub needs besides Debian's packages. An image that has it already saves each new hub the download. */

/** Python environment of the hub, with its packages pinned. */
export const venv = {
  folder: "/opt/jupyterhub",
  requirements: [
    "jupyterhub==6.1.1",
    "dockerspawner==14.0.0",
    "jupyterhub-idle-culler==2.0.0",
    "oauthenticator==17.4.0",
  ],
} as const;

/** Proxy of the hub, an npm package; 5.1 is the last for Debian 12's Node 18. */
export const proxyPackage = {
  folder: "/opt/configurable-http-proxy",
  name: "configurable-http-proxy",
  version: "5.1.0",
} as const;
