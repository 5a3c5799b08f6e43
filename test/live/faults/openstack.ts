/** What the named cases know of OpenStack: how each thing is asked for, and how a token ends. */
import { lab } from "../../../lab/harness/cloud.ts";

/** Everything that a hub is made of, as its creation is asked for. */
export const creations = [
  /^cinder POST .*\/volumes$/,
  /^designate POST \/v2\/zones$/,
  /^designate POST .*\/recordsets$/,
  /^neutron POST .*\/floatingips$/,
  /^neutron PUT .*\/floatingips\/ID$/,
  /^neutron POST .*\/ports$/,
  /^neutron POST .*\/security-groups$/,
  /^neutron POST .*\/security-group-rules$/,
  /^nova POST .*\/os-keypairs$/,
  /^nova POST .*\/os-volume_attachments$/,
  /^nova POST .*\/servers$/,
];

/** Ends a token's life, as its owner may. @returns what Keystone says to it */
export async function revoke(token: string): Promise<number> {
  const headers = { "x-auth-token": token, "x-subject-token": token };
  const { status } = await fetch(`http://127.0.0.1:${lab.ports.keystone}/v3/auth/tokens`, {
    method: "DELETE",
    headers,
  });
  return status;
}
