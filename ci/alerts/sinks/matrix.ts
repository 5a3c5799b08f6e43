/** A room of Matrix, by the client API. */
import { randomUUID } from "node:crypto";
import type { Sink } from "../change.ts";
import { sendJson, together } from "../variables.ts";

export function matrixSink(env: NodeJS.ProcessEnv): Sink | undefined {
  const set = together(env, ["ALERT_MATRIX_SERVER", "ALERT_MATRIX_ROOM", "ALERT_MATRIX_TOKEN"]);
  if (set === undefined) return undefined;
  const room = encodeURIComponent(set.ALERT_MATRIX_ROOM);
  const base = `${set.ALERT_MATRIX_SERVER.replace(/\/$/, "")}/_matrix/client/v3/rooms/${room}/send/m.room.message`;
  return {
    name: "matrix",
    send: ({ title, text }) =>
      sendJson(
        "the Matrix server",
        `${base}/${randomUUID()}`,
        "PUT",
        { msgtype: "m.text", body: `${title}\n${text}` },
        { authorization: `Bearer ${set.ALERT_MATRIX_TOKEN}` },
      ),
  };
}
