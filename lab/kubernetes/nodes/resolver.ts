/** A name server for programs of this machine, on loopback: the router's hosts, and the zones of the lab's OpenStack. Other names are refused. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { replaceFile } from "../../../config/replaceFile.ts";
import type { Health } from "../../component.ts";
import { answersDns, type Daemon } from "../../process.ts";
import type { LabSettings } from "../../settings.ts";
import { nodePrograms } from "../../toolchain/nodePrograms.ts";
import { smallHeap } from "../daemons.ts";
import { files } from "../files.ts";
import { namesFolder } from "../router/router.ts";

const fileOf = (lab: LabSettings): string => path.join(files(lab).etc, "resolver", "Corefile");

/** BIND refuses what is in no zone of its own. */
const corefile = (lab: LabSettings): string => `.:${lab.ports.names} {
  bind 127.0.0.1
  errors
  hosts "${path.join(namesFolder(lab), "hosts")}" {
    ttl 5
    reload 1s
    fallthrough
  }
  forward . 127.0.0.1:${lab.ports.dns}
}
`;

/** Writes its file. */
export function writeResolver(lab: LabSettings): void {
  mkdirSync(path.dirname(fileOf(lab)), { recursive: true, mode: 0o700 });
  replaceFile(fileOf(lab), corefile(lab));
}

export function resolverDaemon(lab: LabSettings): Daemon {
  const args = ["-conf", fileOf(lab)];
  return {
    name: "resolver",
    command: path.join(nodePrograms().names, "coredns"),
    args,
    env: { ...process.env, ...smallHeap },
  };
}

export async function resolverHealth(lab: LabSettings): Promise<Health> {
  const { names } = lab.ports;
  const healthy = await answersDns(names).catch(() => false);
  const detail = healthy ? `dig @127.0.0.1 -p ${names} HOST` : `no response on port ${names}; see log/resolver.log`;
  return { name: "names", healthy, detail };
}
