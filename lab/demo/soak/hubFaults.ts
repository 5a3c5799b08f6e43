/** What dies at Callysto's hub: its programs, a pupil's server, and the machine. */
import { openstackApi } from "../../openstack/api.ts";
import { pick } from "../../random.ts";
import type { LabSettings } from "../../settings.ts";
import { type CallystoAtWork, environment } from "../callysto/deploy.ts";
import { inside } from "../callysto/hub.ts";
import type { Fault } from "./record.ts";

/** The machine among what died. */
const machine = `callysto/${environment}`;
/** What a lesson needs. */
const programs = ["apache2", "configurable-http-proxy", "docker", "jupyterhub", "php8.2-fpm", "shibd"];
/** The containers of pupils. */
const servers = "pupils' servers";

/** Kills a program, the pupils' servers, or cuts the machine's power for as long as it takes to start. */
export async function killAtHub(
  lab: LabSettings,
  hub: CallystoAtWork,
  draw: () => number,
): Promise<Omit<Fault, "at"> | undefined> {
  if (draw() < 0.15) {
    const api = openstackApi(lab);
    const [server] = await api.list("compute", "/servers/detail");
    if (server === undefined) return undefined;
    const body = { reboot: { type: "HARD" } };
    await api.request("compute", `/servers/${server.id}/action`, { method: "POST", body });
    return { what: "machine", target: machine };
  }
  const what = pick([...programs, servers], draw);
  if (what === undefined) return undefined;
  const kill = what === servers ? "docker ps -q | xargs -r docker kill" : `systemctl kill --signal=KILL ${what}`;
  await inside(hub, kill);
  return { what: "program", target: `${machine}/${what}` };
}

/** Programs of the hub that do not run, though nothing has gone wrong for a while. */
export async function unwellAtHub(hub: CallystoAtWork): Promise<readonly string[]> {
  const states = await inside(hub, `systemctl is-active ${programs.join(" ")} || true`);
  return states
    .split("\n")
    .flatMap((state, index) => (state === "active" ? [] : [`${machine}: ${programs[index] ?? ""} is ${state}`]));
}
