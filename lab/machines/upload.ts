/** Uploads the machines' image to Glance. */
import { readFile } from "node:fs/promises";
import { type OpenstackApi, openstackApi, type Row } from "../openstack/api.ts";
import type { Log } from "../component.ts";
import type { LabSettings } from "../settings.ts";
import { commandLine, machineImage } from "./image.ts";

/** Names under which stacks look up an image; all are the same disk. */
const names = ["debian-12", "callysto-hub"];

/** Uploads the images that Glance lacks or has with another checksum. */
export async function uploadImages(lab: LabSettings, log: Log): Promise<void> {
  const api = openstackApi(lab, "admin");
  const image = await machineImage(log);
  const present = await api.list("image", "/images?limit=1000&visibility=public");
  const ensure = async (name: string, file: string, format: Readonly<Record<string, unknown>>): Promise<string> => {
    const sameName = present.filter((row) => row.name === name);
    const current = sameName.find((row) => matches(row, image.checksum(file), format));
    if (current !== undefined) return current.id;
    log(`uploading image ${name}`);
    const id = await upload(api, file, { name, visibility: "public", ...format });
    for (const old of sameName) await api.delete("image", `/images/${old.id}`);
    return id;
  };
  const kernel = await ensure("debian-12-kernel", image.kernel, { disk_format: "aki", container_format: "aki" });
  const ramdisk = await ensure("debian-12-ramdisk", image.ramdisk, { disk_format: "ari", container_format: "ari" });
  const disk = {
    disk_format: "qcow2",
    container_format: "bare",
    kernel_id: kernel,
    ramdisk_id: ramdisk,
    hw_disk_bus: "virtio",
    root_device_name: "/dev/vda",
    os_distro: "debian",
    os_command_line: commandLine,
  };
  for (const name of names) await ensure(name, image.disk, disk);
}

function matches(row: Row, checksum: string, properties: Readonly<Record<string, unknown>>): boolean {
  const same = Object.entries(properties).every(([key, value]) => row[key] === value);
  return same && row.status === "active" && row.os_hash_value === checksum;
}

/** @throws after deleting the partial image */
async function upload(api: OpenstackApi, file: string, properties: Readonly<Record<string, unknown>>): Promise<string> {
  const { id } = await api.post("image", "/images", properties);
  try {
    const body = await readFile(file);
    await api.request("image", `/images/${id}/file`, {
      method: "PUT",
      body,
      headers: { "content-type": "application/octet-stream" },
    });
    return id;
  } catch (error) {
    await api.delete("image", `/images/${id}`).catch(() => undefined);
    throw error;
  }
}
