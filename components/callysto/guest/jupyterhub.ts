import type { GuestRole } from "../../../blocks/openstack/guest/description.ts";
import { notebookTemplates } from "./announcement.ts";
import { pool } from "./homes.ts";
import { environmentFile, homeScript, jupyterhubConfig, proxyEnvironmentFile } from "./jupyterhubConfig.ts";
import type { JupyterhubSettings } from "./settings.ts";
import { venv } from "./software.ts";

const config = "/srv/jupyterhub/jupyterhub_config.py";
const unitFile = "/etc/systemd/system/jupyterhub.service";

/** JupyterHub, the script that makes homes, and the notebooks' templates. */
export function jupyterhub(settings: JupyterhubSettings): GuestRole {
  return {
    packages: ["python3-venv", "curl"],
    // The same uid as in the notebook images, so that files on the homes belong to one account in both.
    accounts: [{ name: "jupyter", uid: 9999, home: "/home/jupyter", shell: "/usr/sbin/nologin" }],
    files: [
      { path: venv.lockFile, text: venv.lock },
      { path: config, text: jupyterhubConfig(settings) },
      { path: homeScript, text: zfsHomedir, mode: "0755" },
      { path: unitFile, text: unit },
      ...notebookTemplates(settings.announcement, settings.notebookTemplates),
    ],
    steps: [`venv ${venv.folder} ${venv.lockFile}`],
    units: [{ name: "jupyterhub", how: "restart", files: [config, unitFile, environmentFile, proxyEnvironmentFile] }],
    checks: ["answers http://127.0.0.1:8000/jupyter/hub/health 900 jupyterhub"],
  };
}

const unit = `[Unit]
Description=JupyterHub
After=network-online.target docker.service zfs-mount.service configurable-http-proxy.service
Wants=network-online.target configurable-http-proxy.service
Requires=docker.service

[Service]
EnvironmentFile=${proxyEnvironmentFile}
EnvironmentFile=-${environmentFile}
WorkingDirectory=/srv/jupyterhub
UMask=0077
ExecStart=${venv.folder}/bin/jupyterhub --config ${config}
Restart=on-failure
RestartSec=20

[Install]
WantedBy=multi-user.target
`;

const zfsHomedir = `#!/bin/bash
# zfs-homedir.sh HOME OWNER: a user's home is a dataset of its own with a quota of 1 GB. Exit code 3: it is full; 4: it is closed.
set -euo pipefail
home=$1 owner=$2 dataset=${pool}/home/$1
[[ $home =~ ^([a-z0-9]|X[0-9A-F]{2})([a-z0-9._-]|X[0-9A-F]{2})*$ ]] || { echo "$home is no name of a home" >&2; exit 2; }
id "$owner" >/dev/null
if ! zfs list -H -o name "$dataset" >/dev/null 2>&1; then
  zfs create -o refquota=1G "$dataset"
  chown "$owner:" "/$dataset"
fi
# Without it the user would work in an empty folder of the root disk.
[ "$(zfs get -Hpo value mounted "$dataset")" = yes ] || zfs mount "$dataset"
[ "$(zfs get -Hpo value readonly "$dataset")" = off ] || exit 4
[ "$(zfs get -Hpo value available "$dataset")" -ge $((512 * 1024)) ] || exit 3
`;
