/** Publishes newer images behind the tags that stacks name, as their builders do: the lab's own program, with another label. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { imageFolders } from "../../lab/images/build.ts";
import { type ImageConfig, LayoutWriter, readIndex, readLayers } from "../../lab/images/layout.ts";
import { foreignImages, offerImages } from "../../lab/kubernetes/nodes/plan.ts";
import type { LabSettings } from "../../lab/settings.ts";

/** @param image - with registry and tag @param build - what makes it another image @returns its digest */
export async function publish(lab: LabSettings, image: string, build: string): Promise<string> {
  const [last = ""] = (image.split("/").at(-1) ?? "").split(":");
  const own = imageFolders()
    .filter(existsSync)
    .find((folder) => readIndex(folder).some(({ names }) => names.images?.includes(last) === true));
  if (own === undefined) throw new Error(`the lab has no image for ${image}; run npm run setup`);
  const folder = mkdtempSync(path.join(lab.dir, `published-${last}-`));
  const work = path.join(folder, "work");
  const layout = await LayoutWriter.create(folder, work, path.join(folder, "log"));
  const config = configOf(own);
  await layout.addImage(readLayers(own), { ...config, Labels: { ...config.Labels, build } }, { references: [image] });
  await layout.finish();
  rmSync(work, { recursive: true });
  // The first that answers to a name is its image; the others are still there by their digests.
  offerImages(lab, [folder, ...foreignImages(lab)]);
  const [entry] = readIndex(folder);
  return entry?.digest ?? "";
}

/** The configuration of a layout's only image. */
function configOf(folder: string): ImageConfig {
  const read = (digest: string): unknown =>
    JSON.parse(readFileSync(path.join(folder, "blobs", "sha256", digest.replace("sha256:", "")), "utf8"));
  const [entry] = readIndex(folder);
  const { config } = read(entry?.digest ?? "") as { readonly config: { readonly digest: string } };
  return (read(config.digest) as { readonly config: ImageConfig }).config;
}
