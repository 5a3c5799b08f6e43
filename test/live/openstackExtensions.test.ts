/** What programs by other hands ask of an OpenStack, and the services of the program's own systems do not. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { after, describe, it } from "mocha";
import { host, url } from "../../lab/openstack/config/shared.ts";
import { environment, python } from "../../lab/openstack/services.ts";
import { eventually, lab, openstackApi, type Row } from "../../lab/harness/cloud.ts";

type Service = Parameters<ReturnType<typeof openstackApi>["post"]>[0];

const api = openstackApi(lab);
const admin = openstackApi(lab, "admin");
const name = `asked-${randomBytes(4).toString("hex")}`;

/** What the tests make, the last first. */
const made: (() => Promise<void>)[] = [];
const removed = async (by: typeof api, service: Service, path: string): Promise<void> => {
  if (!(await by.exists(service, path))) return;
  await by.delete(service, path);
  await eventually(
    `deletion of ${service} ${path}`,
    () => by.exists(service, path),
    (there) => !there,
  );
};
const make = async (service: Service, path: string, body: unknown, by = api): Promise<Row> => {
  const row = await by.post(service, path, body);
  made.unshift(() => removed(by, service, `${path}/${row.id}`));
  return row;
};
const idOf = async (service: Service, path: string, wanted: string): Promise<string> => {
  const row = (await api.list(service, path)).find((each) => each.name === wanted);
  assert.ok(row, `${path} has nothing called "${wanted}"`);
  return row.id;
};
const becomes = (service: Service, path: string, status: string): Promise<Row> =>
  eventually(
    `${path} ${status}`,
    () => api.get(service, path),
    (row) => {
      assert.notEqual(row.status.toUpperCase(), "ERROR", JSON.stringify(row));
      return row.status === status;
    },
  );

describe("what other programs ask of the lab's OpenStack", () => {
  let server: Row, port: Row;

  after(async () => {
    for (const step of made) await step();
  });

  it("the catalog names each service once, and an administrator adds to it", async () => {
    const types = (await admin.list("identity", "/services")).map((row) => String(row.type));
    assert.equal(new Set(types).size, types.length);
    assert.ok(
      ["identity", "image", "compute", "network", "volumev3", "dns", "object-store"].every((type) =>
        types.includes(type),
      ),
    );
    const region = await make("identity", "/regions", { region: { id: name, description: "elsewhere" } }, admin);
    const service = await make("identity", "/services", { service: { name, type: name } }, admin);
    const endpoint = { interface: "public", region_id: region.id, service_id: service.id, url: "http://192.0.2.1/" };
    await make("identity", "/endpoints", { endpoint }, admin);
    // Logs in again: the catalog comes with the token.
    const answer = await openstackApi(lab, "admin").request("identity", "/auth/catalog");
    const { catalog } = (await answer.json()) as { catalog: { type: string; endpoints: { url: string }[] }[] };
    assert.deepEqual(
      catalog.find(({ type }) => type === name)?.endpoints.map((each) => each.url),
      ["http://192.0.2.1/"],
    );
  });

  it("Keystone's threads keep the tokens of their own requests", () => {
    const code = `import threading, serve
from keystone.server.flask.request_processing.middleware.auth_context import AuthContextMiddleware
serve.token_of_its_own_request()
shared = AuthContextMiddleware(None)
shared.token = "mine"
other = threading.Thread(target=setattr, args=(shared, "token", "theirs"))
other.start()
other.join()
print(shared.token)`;
    const { stdout, stderr } = spawnSync(python, ["-c", code], { encoding: "utf8", env: environment(lab) });
    assert.equal(stdout.trim(), "mine", stderr);
  });

  it("limits are registered and set for a project", async () => {
    const [service] = (await admin.list("identity", "/services")).filter((row) => row.type === "image");
    assert.ok(service);
    const registered = { service_id: service.id, resource_name: name, default_limit: 10 };
    const answer = await admin.request("identity", "/registered_limits", {
      method: "POST",
      body: { registered_limits: [registered] },
    });
    const [row] = ((await answer.json()) as { registered_limits: Row[] }).registered_limits;
    assert.ok(row);
    made.unshift(() => removed(admin, "identity", `/registered_limits/${row.id}`));
    assert.equal((await admin.get("identity", `/registered_limits/${row.id}`)).default_limit, 10);
  });

  it("a network, a subnet and a router come by themselves for who asks for any network", async () => {
    const { project } = await api.identity();
    const pools = await api.list("network", "/subnetpools?is_default=true");
    assert.deepEqual(pools.map((pool) => [pool.name, pool.ip_version]).sort(), [
      ["shared-v4", 4],
      ["shared-v6", 6],
    ]);
    const topology = await api.get("network", `/auto-allocated-topology/${project}`);
    // Asking whether it is gone would make it again.
    made.unshift(() => api.delete("network", `/auto-allocated-topology/${project}`));
    const subnets = await api.list("network", `/subnets?network_id=${topology.id}`);
    assert.deepEqual(subnets.map((subnet) => subnet.ip_version).sort(), [4, 6]);
  });

  it("disks are called vdX, as in the machine, whatever the image says", async () => {
    const network_id = await idOf("network", "/networks", "default");
    port = await make("network", "/ports", { port: { name, network_id } });
    server = await make("compute", "/servers", {
      server: {
        name,
        flavorRef: await idOf("compute", "/flavors", "lab.none"),
        imageRef: await idOf("image", "/images", "lab-empty"),
        networks: [{ port: port.id }],
      },
    });
    await becomes("compute", `/servers/${server.id}`, "ACTIVE");
    const seen = await admin.get("compute", `/servers/${server.id}`);
    assert.equal(seen["OS-EXT-SRV-ATTR:root_device_name"], "/dev/vda");
    const volume = await make("volume", "/volumes", { volume: { name, size: 1 } });
    await becomes("volume", `/volumes/${volume.id}`, "available");
    const attachments = `/servers/${server.id}/os-volume_attachments`;
    const attached = await api.post("compute", attachments, { volumeAttachment: { volumeId: volume.id } });
    assert.equal(attached.device, "/dev/vdb");
    await becomes("volume", `/volumes/${volume.id}`, "in-use");
    await api.delete("compute", `${attachments}/${volume.id}`);
    await becomes("volume", `/volumes/${volume.id}`, "available");
  });

  it("an image of a server without a machine becomes active", async () => {
    const answer = await api.request("compute", `/servers/${server.id}/action`, {
      method: "POST",
      body: { createImage: { name } },
    });
    const { image_id } = (await answer.json()) as { image_id: string };
    made.unshift(() => removed(api, "image", `/images/${image_id}`));
    const image = await becomes("image", `/images/${image_id}`, "active");
    assert.deepEqual([image.name, image.disk_format, image.size], [name, "raw", 65536]);
    await becomes("compute", `/servers/${server.id}`, "ACTIVE");
  });

  it("the hypervisor says how long it has been up", async () => {
    const [hypervisor] = await admin.list("compute", "/os-hypervisors");
    assert.ok(hypervisor);
    assert.match(String((await admin.get("compute", `/os-hypervisors/${hypervisor.id}`)).uptime), /up .*load average/);
  });

  it("quality of service, trunks and forwarded ports have their APIs", async () => {
    const policy = await make("network", "/qos/policies", { policy: { name } }, admin);
    const limit = { max_kbps: 1000, max_burst_kbps: 800, direction: "egress" };
    await admin.post("network", `/qos/policies/${policy.id}/bandwidth_limit_rules`, { bandwidth_limit_rule: limit });
    await admin.put("network", `/ports/${port.id}`, { port: { qos_policy_id: policy.id } });
    assert.equal((await api.get("network", `/ports/${port.id}`)).qos_policy_id, policy.id);
    await admin.put("network", `/ports/${port.id}`, { port: { qos_policy_id: null } });

    const network_id = await idOf("network", "/networks", "default");
    const parent = await make("network", "/ports", { port: { name: `${name}-trunk`, network_id } });
    const child = await make("network", "/ports", { port: { name: `${name}-child`, network_id } });
    const sub_ports = [{ port_id: child.id, segmentation_type: "vlan", segmentation_id: 7 }];
    const trunk = await make("network", "/trunks", { trunk: { name, port_id: parent.id, sub_ports } });
    assert.deepEqual((await api.get("network", `/trunks/${trunk.id}`)).sub_ports, sub_ports);

    const floating_network_id = await idOf("network", "/networks", "public");
    const address = await make("network", "/floatingips", { floatingip: { floating_network_id } });
    const forwarding = {
      protocol: "tcp",
      external_port: 2200,
      internal_port: 22,
      internal_port_id: port.id,
      internal_ip_address: (port.fixed_ips as { ip_address: string }[])
        .map((each) => each.ip_address)
        .find((each) => each.includes(".")),
    };
    const path = `/floatingips/${address.id}/port_forwardings`;
    await make("network", path, { port_forwarding: forwarding });
    assert.equal((await api.list("network", path)).length, 1);
  });

  it("a load balancer is made whole and removed with all that is in it", async () => {
    const vip_subnet_id = await idOf("network", "/subnets", "default-v4");
    const tree = {
      name,
      vip_subnet_id,
      listeners: [
        {
          name,
          protocol: "TCP",
          protocol_port: 80,
          default_pool: {
            name,
            protocol: "TCP",
            lb_algorithm: "SOURCE_IP_PORT",
            members: [{ address: `10.${lab.slot}.0.9`, protocol_port: 8080, subnet_id: vip_subnet_id }],
          },
        },
      ],
    };
    const { id } = await api.post("balancer", "/loadbalancers", { loadbalancer: tree });
    const row = await eventually(
      "the load balancer",
      () => api.get("balancer", `/loadbalancers/${id}`),
      ({ provisioning_status }) => provisioning_status === "ACTIVE",
    );
    assert.equal(row.provider, "ovn");
    assert.equal((await api.list("balancer", `/listeners?loadbalancer_id=${id}`)).length, 1);
    await api.delete("balancer", `/loadbalancers/${id}?cascade=true`);
    await eventually(
      "deletion of the load balancer",
      () => api.find("balancer", `/loadbalancers/${id}`),
      (found) => found === undefined || found.provisioning_status === "DELETED",
    );
  });

  it("clients that keep idle connections open shut nobody out", async () => {
    const { keystone, placement, nova, neutron, cinder, octavia } = lab.ports;
    for (const port of [keystone, placement, nova, neutron, cinder, octavia]) {
      const idle = Array.from({ length: 250 }, () => connect(port, host));
      try {
        await Promise.all(idle.map((one) => once(one, "connect")));
        const asked = get({ host, port, agent: false, signal: AbortSignal.timeout(20_000) });
        const [answer] = (await once(asked, "response")) as [IncomingMessage];
        answer.resume();
        assert.ok((answer.statusCode ?? 500) < 500, `port ${port}: ${answer.statusCode}`);
      } finally {
        for (const one of idle) one.destroy();
      }
    }
  });

  it("a signed address gives away one object for a while, and nothing else", async () => {
    const { project } = await api.identity();
    const key = randomBytes(16).toString("hex");
    await api.request("object", "", { method: "POST", headers: { "x-account-meta-temp-url-key": key } });
    await api.request("object", `/${name}`, { method: "PUT" });
    made.unshift(() => removed(api, "object", `/${name}`));
    await api.request("object", `/${name}/hello`, { method: "PUT", body: "good morning" });
    made.unshift(() => removed(api, "object", `/${name}/hello`));
    const expires = Math.floor(Date.now() / 1000) + 600;
    const signed = (object: string): string => {
      const path = `/v1/AUTH_${project}/${name}/${object}`;
      const signature = createHmac("sha256", key)
        .update(`GET\n${expires}\n/v1/AUTH_${project}/${name}/hello`)
        .digest("hex");
      return `${url(lab.ports.swift)}${path}?temp_url_sig=${signature}&temp_url_expires=${expires}`;
    };
    assert.equal(await (await fetch(signed("hello"))).text(), "good morning");
    assert.equal((await fetch(signed("other"))).status, 401);
  });
});
