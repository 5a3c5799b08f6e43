import type { GuestRole } from "../../../blocks/openstack/guest/description.ts";
import { bridgeAddress } from "./docker.ts";
import { proxyEnvironmentFile } from "./jupyterhubConfig.ts";
import { proxyPackage } from "./software.ts";

const unitFile = "/etc/systemd/system/configurable-http-proxy.service";

/** JupyterHub's proxy as a unit of its own; it stays on the loopback, Apache is in front of it. */
export function proxy(): GuestRole {
  return {
    packages: ["nodejs", "jq"],
    files: [
      { path: unitFile, text: unit },
      { path: `${proxyPackage.folder}/package.json`, text: proxyPackage.manifest },
      { path: `${proxyPackage.folder}/package-lock.json`, text: proxyPackage.lock },
    ],
    steps: [`node_packages ${proxyPackage.folder}`],
    units: [{ name: "configurable-http-proxy", how: "restart", files: [unitFile, proxyEnvironmentFile] }],
  };
}

const unit = `[Unit]
Description=Proxy of JupyterHub
After=network.target

[Service]
EnvironmentFile=${proxyEnvironmentFile}
ExecStart=${proxyPackage.folder}/node_modules/.bin/configurable-http-proxy --ip 127.0.0.1 --port 8000 --api-ip 127.0.0.1 --api-port 8001 --error-target http://${bridgeAddress}:8081/jupyter/hub/error
Restart=on-failure
DynamicUser=true
ProtectSystem=strict
ProtectHome=true
PrivateTmp=true
NoNewPrivileges=true

[Install]
WantedBy=multi-user.target
`;
