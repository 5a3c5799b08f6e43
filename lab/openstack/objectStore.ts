/** S3 in the lab: Swift's S3 API with an EC2 credential of Keystone, as on any OpenStack. */
import type { LabSettings } from "../settings.ts";
import { openstackApi } from "./api.ts";
import { host, region } from "./config/shared.ts";

/** The bucket for the states of stacks. */
const bucket = "pulumi-state";

interface Credential {
  readonly access: string;
  readonly secret: string;
}

/**
 * Environment for Pulumi to keep its state in the lab's Swift: backend URL and credential.
 * The first call creates the credential and the bucket.
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
  const { user, project } = await cloud.identity();
  const at = `/users/${user}/credentials/OS-EC2`;
  const { credentials } = (await (await cloud.request("identity", at)).json()) as { credentials: Credential[] };
  const [first] = credentials;
  if (first !== undefined) return first;
  const body = { tenant_id: project };
  const created = (await (await cloud.request("identity", at, { method: "POST", body })).json()) as {
    credential: Credential;
  };
  return created.credential;
}

/** Swift accepts the bucket in the path only, and neither accepts nor sends checksums in trailers. */
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
