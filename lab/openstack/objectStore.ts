/** S3 in the lab: Swift's own API for it, let in by an EC2 credential of Keystone, as on a team's OpenStack. */
import type { LabSettings } from "../settings.ts";
import { openstackApi } from "./api.ts";
import { host, region } from "./config/shared.ts";

/** The bucket that stacks' states are kept in. */
const bucket = "pulumi-state";

interface Credential {
  readonly access: string;
  readonly secret: string;
}

/**
 * Variables with which Pulumi keeps its state in the lab's Swift: its URL, and AWS's names for the credential.
 * The credential and the bucket are made when they are asked for first.
 */
export async function s3Env(lab: LabSettings): Promise<Record<string, string>> {
  const cloud = openstackApi(lab);
  const { access, secret } = await credential(lab);
  await cloud.request("object", `/${bucket}`, { method: "PUT" });
  return {
    AWS_ACCESS_KEY_ID: access,
    AWS_SECRET_ACCESS_KEY: secret,
    PULUMI_BACKEND_URL: backendUrl(lab),
  };
}

async function credential(lab: LabSettings): Promise<Credential> {
  const cloud = openstackApi(lab);
  const { user, project } = await cloud.who();
  const at = `/users/${user}/credentials/OS-EC2`;
  const { credentials } = (await (await cloud.request("identity", at)).json()) as { credentials: Credential[] };
  const [first] = credentials;
  if (first !== undefined) return first;
  const body = { tenant_id: project };
  const made = (await (await cloud.request("identity", at, { method: "POST", body })).json()) as {
    credential: Credential;
  };
  return made.credential;
}

/** Swift takes the bucket in the path only, refuses a checksum in the trailer of a chunked body, and answers with none. */
function backendUrl({ ports }: LabSettings): string {
  const query = {
    endpoint: `http://${host}:${ports.swift}`,
    region,
    s3ForcePathStyle: "true",
    request_checksum_calculation: "when_required",
    response_checksum_validation: "when_required",
  };
  return `s3://${bucket}?${new URLSearchParams(query).toString()}`;
}
