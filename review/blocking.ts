/** What a reviewer must not overlook: changes that lose data, open something up, or cannot be told from each other later. */
import type { Change } from "./compare.ts";
import { type Field, pathText } from "./fields.ts";
import { opened } from "./opened.ts";
import { widened } from "./rights.ts";

/** Types of what holds data, or is the only copy of something. */
const holdsData: readonly RegExp[] = [
  /^kubernetes:core\/v1:(PersistentVolumeClaim|PersistentVolume|Namespace)$/,
  // Its objects go with it.
  /^kubernetes:apiextensions\.k8s\.io\/v1:CustomResourceDefinition$/,
  /^openstack:blockstorage\/volume:Volume$/,
  /^openstack:dns\/zone:Zone$/,
  /^openstack:networking\/floatingIp:FloatingIp$/,
  /^openstack:objectstorage\/container:Container$/,
  /^random:index\/randomPassword:RandomPassword$/,
  /^tls:index\/privateKey:PrivateKey$/,
];

/** Every reason to stop and look, a sentence each. */
export function blocking(change: Change): readonly string[] {
  return [lost, unprotected, opened, widened, undigested].flatMap((rule) => rule(change));
}

function lost({ operation, type, before, fields }: Change): readonly string[] {
  if (operation !== "replace" && operation !== "delete") return [];
  const guarded = before?.options.protect === true || before?.options.retainOnDelete === true;
  if (!guarded && !holdsData.some((one) => one.test(type))) return [];
  const kept = before?.options.retainOnDelete === true ? "; the old one stays in the cloud, unmanaged" : "";
  const why = fields.filter(({ forces }) => forces).map(({ path }) => pathText(path));
  return operation === "delete"
    ? [`deletes what holds data${kept}`]
    : [`replaces what holds data${why.length > 0 ? `, because of ${why.join(", ")}` : ""}${kept}`];
}

function unprotected({ options }: Change): readonly string[] {
  return options
    .filter(({ path: [option], before, after }) => {
      return (option === "protect" || option === "retainOnDelete") && before === true && after !== true;
    })
    .map(({ path }) => `drops ${pathText(path)}`);
}

/** Images that change to a tag which can be moved afterwards, also inside of a configuration's text. */
function undigested({ type, fields }: Change): readonly string[] {
  if (!type.startsWith("kubernetes:")) return [];
  const moved = fields.flatMap((field) => {
    const [before, after] = [imagesIn(field, field.before), imagesIn(field, field.after)];
    return before.length === 0 ? [] : after.filter((image) => !before.includes(image));
  });
  return [...new Set(moved)]
    .filter((image) => !image.includes("@sha256:"))
    .map((image) => `runs ${image}, a tag without digest`);
}

/** The images that a field's value names: an image itself, or a text with lines like `image: NAME`. */
function imagesIn({ path }: Field, value: unknown): readonly string[] {
  if (typeof value !== "string") return [];
  if (path.at(-1) === "image" || path.slice(-2).join(".") === "from.name") return [value];
  return [...value.matchAll(/^[\s-]*"?image"?:\s*["']?([^\s"',#]+)/gm)].map(([, image = ""]) => image);
}
