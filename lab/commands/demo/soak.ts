/** `orrery demo soak`. */
import { defineCommand } from "../../../cli/command.ts";
import { demoSettings, startCluster } from "../../demo/cluster.ts";
import { eventKinds } from "../../demo/soak/events.ts";
import { soakText, wrongs } from "../../demo/soak/record.ts";
import { soak } from "../../demo/soak/soak.ts";
import { deploySystems } from "../../demo/soak/systems.ts";
import { log } from "../../session.ts";

export const command = defineCommand({
  usage: "",
  about: `Runs the systems at work while programs, pods, databases, a node and a machine are killed at random. Prow, DIALS, Packit, Stream and Thoth's bots are
deployed to the demonstrations' cluster, Callysto's hub to an OpenStack next to it, and events happen outside at random. It says what became of every event, and fails if one needed help for no
reason or has no result, if a pod does not come back, or if memory grows by more than a tenth from the second quarter of the time to the
last. --time 5m is a short run.`,
  options: {
    time: {
      type: "duration",
      default: "60m",
      help: "how long events happen and things die; it takes longer until all is well again",
    },
    seed: { type: "integer", default: 1, help: "chooses events and deaths, and their times" },
    json: { type: "boolean", help: "print all that was seen as JSON" },
  },
  async run({ time, seed, json }) {
    const run = await startCluster(demoSettings(), log);
    const systems = await deploySystems(run);
    const kinds = await eventKinds(run, systems);
    const stop = new AbortController();
    const end = (): void => {
      stop.abort();
    };
    process.once("SIGINT", end).once("SIGTERM", end);
    log(`${time} s of events and deaths`);
    const seen = await soak(run, { systems, kinds, seconds: time, seed, stop: stop.signal });
    const wrong = wrongs(kinds, seen);
    console.log(json ? JSON.stringify({ ...seen, wrong }, undefined, 2) : soakText(kinds, seen));
    return wrong.length === 0 && !stop.signal.aborted ? 0 : 1;
  },
});
