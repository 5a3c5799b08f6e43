/** The acceptance tests of Terraform's provider for OpenStack, the one inside Pulumi's plugin; OpenTofu runs their programs. */
import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openstackApi } from "../lab/openstack/api.ts";
import { openstackEnv } from "../lab/openstack/openstack.ts";
import type { LabSettings } from "../lab/settings.ts";
import { ensureTool, toolFolder } from "../lab/tools/tools.ts";
import { type GoSuite, goSession, installGo } from "./goTests.ts";
import { ensure, flavorName, ownName, type Prepared, prepare, prepareMember } from "./preparation.ts";
import type { Control, Result, Session, Suite } from "./suite.ts";

const suite: GoSuite = {
  name: "terraform",
  packages: { openstack: "github.com/terraform-provider-openstack/terraform-provider-openstack/openstack" },
  minutes: 3,
};

/** Name of the user that tests ask for which want no administrator. */
const member = "demo";

/** Tests of a lane run one after the other, in a project of its own, as they look for objects by names that many of them use. */
const lanes = [
  /^TestAccNetworkingV2Port/,
  /^TestAcc(OpenStack)?NetworkingV?2?(Network|Subnet)/,
  /^TestAcc(OpenStack)?Networking/,
  /^TestAccComputeV2/,
  /^TestAccLBV2/,
  /./,
];

/** Tests of one run of the program, whose hour they share. */
const batch = 25;

export const terraform: Suite = {
  name: suite.name,
  about: "acceptance tests of Terraform's OpenStack provider (Go, OpenTofu)",
  version: "1.54.1",
  cloud: "openstack",
  async install({ log }) {
    await installGo(suite, log);
    await ensureTool("tofu", log);
  },
  async open({ lab }) {
    const more = await settings(lab);
    // A test looks for it by the name that it has in DevStack.
    await ensure(openstackApi(lab, "admin"), "identity", "/groups", {
      group: { name: "admins", domain_id: "default" },
    });
    const session = async (user: string, project: string, name: string, owner?: string): Promise<Session> => {
      const login = { OS_USERNAME: user, OS_PROJECT_NAME: project };
      const env = { ...openstackEnv(lab), ...login, ...more, ...ofNetwork(await prepare(lab, owner)) };
      return goSession(suite, lab, env, `${suite.name}-${name}`);
    };
    // New projects each time: tests that a stop interrupted leave networks behind, which others would find by their names.
    const begun = Date.now().toString(36);
    const names = lanes.map((_, lane) => `${ownName}-${begun}-${lane + 1}`);
    const projects = await prepareMember(lab, member, names);
    const members: Session[] = [];
    for (const [lane, project] of names.entries()) {
      members.push(await session(member, project, `${member}-${lane + 1}`, projects[lane]));
    }
    return perUser(members, await session("admin", "admin", "admin"));
  },
};

const ofNetwork = ({ flavors, network, public: external }: Prepared): Record<string, string> => ({
  OS_FLAVOR_ID: flavors[0],
  OS_FLAVOR_NAME: flavorName,
  OS_NETWORK_ID: network,
  OS_POOL_NAME: "public",
  OS_EXTGW_ID: external,
});

/** What the tests of all users read: which services the cloud has, and the program that runs their configuration. */
async function settings(lab: LabSettings): Promise<Record<string, string>> {
  const cloud = openstackApi(lab, "admin");
  const image = await imageCalledByItsId(lab);
  const [hypervisor] = await cloud.list("compute", "/os-hypervisors");
  return {
    TF_ACC: "1",
    TF_ACC_TERRAFORM_PATH: path.join(toolFolder("tofu"), "tofu"),
    // The user's own could name mirrors, or be missing, of which OpenTofu then warns in front of all that it prints.
    TF_CLI_CONFIG_FILE: emptyConfig(lab),
    // OpenTofu looks for providers without a source there.
    TF_ACC_PROVIDER_HOST: "registry.opentofu.org",
    TF_ACC_PROVIDER_NAMESPACE: "hashicorp",
    OS_BRANCH: "stable/zed",
    OS_IMAGE_ID: image,
    OS_IMAGE_NAME: image,
    OS_HYPERVISOR_HOSTNAME: String(hypervisor?.hypervisor_hostname),
    OS_ONLINE_RESIZE: "1",
    OS_DNS_ENVIRONMENT: "1",
    OS_SWIFT_ENVIRONMENT: "1",
    OS_LB_ENVIRONMENT: "1",
    OS_USE_OCTAVIA: "1",
    OS_PORT_FORWARDING_ENVIRONMENT: "1",
  };
}

function emptyConfig({ dir }: LabSettings): string {
  const file = path.join(dir, "peers", "empty.tofurc");
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, "");
  return file;
}

/** An image: the test of resizing gives its ID as a name. */
async function imageCalledByItsId(lab: LabSettings): Promise<string> {
  const cloud = openstackApi(lab, "admin");
  const there = (await cloud.list("image", "/images")).find((row) => row.id === row.name);
  if (there !== undefined) return there.id;
  const id = randomUUID();
  const format = { disk_format: "raw", container_format: "bare", visibility: "public" };
  await cloud.post("image", "/images", { id, name: id, ...format });
  const headers = { "content-type": "application/octet-stream" };
  await cloud.request("image", `/images/${id}/file`, { method: "PUT", body: new Uint8Array(65536), headers });
  return id;
}

const asksForAdmin = ({ outcome, says = "" }: Result): boolean =>
  outcome === "skipped" && says.includes("requires the admin user");

/** A session that runs each test as a member, in its lane, and those that ask for the administrator as that. */
export function perUser(members: readonly Session[], admin: Session): Session {
  return {
    async tests() {
      const all = await admin.tests();
      return all.filter((test) => test.includes(" TestAcc"));
    },
    async run(tests, report, control) {
      const forAdmin: string[] = [];
      const sort = (result: Result): void => {
        if (asksForAdmin(result)) forAdmin.push(result.test);
        else report(result);
      };
      const byLane = Map.groupBy(tests, (test) => laneOf(test.split(" ")[1] ?? ""));
      await Promise.all(members.map((one, lane) => inBatches(one, byLane.get(lane) ?? [], sort, control)));
      await inBatches(admin, forAdmin, report, control);
    },
  };
}

/** Index of a test's lane. */
export const laneOf = (name: string): number => lanes.findIndex((lane) => lane.test(name));

async function inBatches(
  session: Session,
  tests: readonly string[],
  report: (result: Result) => void,
  control: Control,
): Promise<void> {
  for (let first = 0; first < tests.length && !control.stop.aborted; first += batch) {
    await session.run(tests.slice(first, first + batch), report, control);
  }
}
