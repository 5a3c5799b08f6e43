import { z } from "zod";
import { dnsLabel } from "../../blocks/openstack/names.ts";
import { namespaceName } from "../../config/fields.ts";
import { claviusGuest, hubGuest, publicKey } from "./guest/settings.ts";

const label = z.string().regex(dnsLabel, "expected a DNS label: a-z, 0-9 and inner hyphens");
const sshKey = z
  .strictObject({
    user: z
      .string()
      .regex(/^[a-z_][a-z0-9_-]*$/, "expected a Linux account")
      .optional()
      .describe("Account in the guest; ptty2u by default."),
    state: z.enum(["present", "absent"]).optional().describe("absent takes a deployed key away; present by default."),
    publicKey: publicKey.optional().describe("One line of an authorized_keys file."),
  })
  .describe("One SSH key; an environment's entry completes or overrides the global one of the same name.");

const zone = z.discriminatedUnion("mode", [
  z.strictObject({
    mode: z.literal("create").describe("The stack creates the zone once and protects it."),
    email: z.email("expected a mail address").describe("Keeper of the zone, for its SOA record."),
  }),
  z.strictObject({
    mode: z.literal("existing").describe("The zone exists in this project; only records are made in it."),
  }),
  z.strictObject({ mode: z.literal("outside").describe("DNS is run elsewhere; no records are made.") }),
]);

const name = z.discriminatedUnion("mode", [
  z.strictObject({ mode: z.literal("fixed"), label: label.describe("First label of the host name.") }),
  z.strictObject({
    mode: z.literal("pet").describe("A random adjective and animal."),
    prefix: z
      .string()
      .regex(/^([a-z0-9][a-z0-9-]{0,29})?$/, "expected at most 30 of a-z, 0-9 and hyphens")
      .default("")
      .describe("Put before it, e.g. `hub-ci-`."),
  }),
]);

const floatingIp = z.discriminatedUnion("mode", [
  z.strictObject({ mode: z.literal("new").describe("Drawn from the cloud's external network, protected.") }),
  z.strictObject({
    mode: z.literal("existing").describe("Allocated outside; only associated."),
    ip: z.string().min(1).describe("Its address, or its description in the cloud."),
  }),
  z.strictObject({ mode: z.literal("none").describe("IPv6 only.") }),
]);

const keypair = z.discriminatedUnion("mode", [
  z.strictObject({ mode: z.literal("own").describe("Made from the deploy key, named like the host's first label.") }),
  z.strictObject({ mode: z.literal("existing"), name: z.string().min(1).describe("Name of a keypair that exists.") }),
  z.strictObject({
    mode: z.literal("shared"),
    with: z.string().describe("Environment of this stack whose own keypair is used."),
  }),
]);

const gigabytes = z.int().min(1).max(16_384);

/** What a hub and the workstation have in common. */
const host = {
  domain: z.string().describe("Domain of the host name; one of `zones`."),
  name: name.describe("First label of the host name."),
  flavor: z.string().min(1).describe("Nova flavour; changing it resizes the server."),
  image: z
    .string()
    .min(1)
    .describe("Glance image, by name (the newest counts) or id; existing servers ignore a newer one."),
  floatingIp: floatingIp.default({ mode: "none" }),
  keypair: keypair.default({ mode: "own" }),
  sshKeys: z.record(label, sshKey).default({}).describe("Merged over the global keys."),
  rebuildToken: z.string().default("").describe("A new value makes a new server; addresses and volumes stay."),
  disposable: z
    .boolean()
    .default(false)
    .describe("Server, port, keys, volumes and floating IP may be deleted without removing a protection first."),
};

const volumes = z.discriminatedUnion("mode", [
  z.strictObject({
    mode: z.literal("new"),
    size: gigabytes.describe("GB of each of the two volumes."),
    type: z.string().min(1).optional().describe("Cinder volume type; the cloud's default by default."),
  }),
  z.strictObject({
    mode: z.literal("existing").describe("Made outside; only attached, never created or deleted."),
    volumes: z
      .array(z.string().min(1))
      .length(2, "expected exactly two volumes: the pool is a mirror of two")
      .describe("Ids or names of the two volumes, in the order of the mirror."),
  }),
]);

const hub = z.strictObject({
  kind: z.literal("hub").describe("A JupyterHub server with a ZFS mirror for homes."),
  ...host,
  volumes: volumes.describe("The two volumes of the ZFS mirror."),
  guest: hubGuest
    .optional()
    .describe("Contents of the guest; without it the server stays as its image and cloud-init make it."),
});

const clavius = z.strictObject({
  kind: z.literal("clavius").describe("The team's workstation."),
  ...host,
  homedirSize: gigabytes.default(20).describe("GB of the encrypted work volume."),
  dockerSize: gigabytes.default(100).describe("GB of Docker's volume."),
  guest: claviusGuest
    .optional()
    .describe("Contents of the guest; without it the server stays as its image and cloud-init make it."),
});

export const settings = z.strictObject({
  cloud: z.string().describe("Which of `clouds:settings` runs it."),
  deployKey: publicKey.describe("Public half of the key that configures the guests."),
  nextDeployKey: publicKey
    .optional()
    .describe("Let in as well: the first of two steps to another `deployKey`, see docs/callysto.md."),
  formerDeployKeys: z.array(publicKey).default([]).describe("Earlier deploy keys, which no guest lets in any more."),
  zones: z
    .record(z.string().regex(/^([a-z0-9-]+\.)+[a-z]{2,}$/, "expected a domain without the final dot"), zone)
    .describe("The domains; each host lives in one."),
  sshKeys: z.record(label, sshKey).default({}).describe("The team's keys, on every guest."),
  packerSecurityGroup: z.boolean().default(false).describe("Keep the group `packer` for image builds in the cloud."),
  retainOnDelete: z
    .boolean()
    .default(false)
    .describe("Leave volumes, zones and floating IPs in the cloud when they leave the program."),
  monitoring: z
    .strictObject({
      cluster: z
        .string()
        .describe("One of `clusters:settings` with `monitoring`: its Prometheus collects from the hubs."),
      namespace: namespaceName.describe("Namespace there, which exists, for the monitors and alerts."),
      from: z
        .array(z.union([z.cidrv4(), z.cidrv6()]))
        .min(1)
        .describe("Addresses from which that cluster calls, as ranges; the hubs' firewalls let in no others."),
    })
    .optional()
    .describe("Hubs with `guest` run Debian's node exporter on port 9999. Without it nothing serves metrics."),
  environments: z
    .record(label, z.discriminatedUnion("kind", [hub, clavius]))
    .describe("The servers, by the name of their environment."),
});

export type CallystoSettings = z.infer<typeof settings>;
export type HostSettings = z.infer<typeof hub> | z.infer<typeof clavius>;
export type HubSettings = z.infer<typeof hub>;
export type ClaviusSettings = z.infer<typeof clavius>;
