/** Risks of a change: lost data, storage that shrinks, wider exposure, more permissions, images that are not pinned by digest. */
import type { Change } from "../diff/compare.ts";
import { type Field, pathText } from "../diff/fields.ts";
import { exposure } from "./exposure.ts";
import { permissions } from "./permissions.ts";
import { shrinking } from "./shrinking.ts";

/** Types that hold data or the only copy of a value. */
const holdsData: readonly RegExp[] = [
  /^kubernetes:core\/v1:(PersistentVolumeClaim|PersistentVolume|Namespace)$/,
  // Deleting a definition deletes its objects.
  /^kubernetes:apiextensions\.k8s\.io\/v1:CustomResourceDefinition$/,
  /^openstack:blockstorage\/volume:Volume$/,
  /^openstack:dns\/zone:Zone$/,
  /^openstack:networking\/floatingIp:FloatingIp$/,
  /^openstack:objectstorage\/container:Container$/,
  /^random:index\/randomPassword:RandomPassword$/,
  /^tls:index\/privateKey:PrivateKey$/,
];

/** Every risk of a change, one phrase each. */
export function risksOf(change: Change): readonly string[] {
  return [dataLoss, lostProtection, shrinking, exposure, permissions, floatingImages].flatMap((rule) => rule(change));
}

/** Whether a replacement or deletion takes away what holds data, or what its owner protects. */
export function losesData({ operation, type, before }: Pick<Change, "operation" | "type" | "before">): boolean {
  if (operation !== "replace" && operation !== "delete") return false;
  const guarded = before?.options.protect === true || before?.options.retainOnDelete === true;
  return guarded || holdsData.some((one) => one.test(type));
}

function dataLoss(change: Change): readonly string[] {
  const { operation, before, fields } = change;
  if (!losesData(change)) return [];
  const kept = before?.options.retainOnDelete === true ? "; the old object stays in the cloud, unmanaged" : "";
  const why = fields.filter(({ forces }) => forces).map(({ path }) => pathText(path));
  return operation === "delete"
    ? [`deletes a resource that holds data${kept}`]
    : [`replaces a resource that holds data${why.length > 0 ? `, because of ${why.join(", ")}` : ""}${kept}`];
}

function lostProtection({ options }: Change): readonly string[] {
  return options
    .filter(({ path: [option], before, after }) => {
      return (option === "protect" || option === "retainOnDelete") && before === true && after !== true;
    })
    .map(({ path }) => `drops ${pathText(path)}`);
}

/** Images that change to a tag without digest, in image fields and inside the text of configuration files. */
function floatingImages({ type, fields }: Change): readonly string[] {
  if (!type.startsWith("kubernetes:")) return [];
  const moved = fields.flatMap((field) => {
    const [before, after] = [imagesIn(field, field.before), imagesIn(field, field.after)];
    return before.length === 0 ? [] : after.filter((image) => !before.includes(image));
  });
  return [...new Set(moved)]
    .filter((image) => !image.includes("@sha256:"))
    .map((image) => `runs ${image}, which is not pinned by digest`);
}

/** Images in a field's value: the value of an image field, or lines like `image: NAME` in a text. */
function imagesIn({ path }: Field, value: unknown): readonly string[] {
  if (typeof value !== "string") return [];
  if (path.at(-1) === "image" || path.slice(-2).join(".") === "from.name") return [value];
  return [...value.matchAll(/^[\s-]*"?image"?:\s*["']?([^\s"',#]+)/gm)].map(([, image = ""]) => image);
}
