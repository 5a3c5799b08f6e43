/** The images that a stack's settings can name, and where. */
import type { CallystoSettings } from "../../../components/callysto/config.ts";
import type { DialsSettings } from "../../../components/dials/config.ts";
import * as dials from "../../../components/dials/images.ts";
import { type PackitSettings } from "../../../components/packit/config.ts";
import * as packit from "../../../components/packit/images.ts";
import type { ServiceName } from "../../../components/packit/names.ts";
import type { ProwSettings } from "../../../components/prow/config.ts";
import * as prow from "../../../components/prow/images.ts";
import type { ThothSettings } from "../../../components/thoth/settings.ts";
import * as thoth from "../../../components/thoth/images.ts";

/** An image that a setting names, or could. */
export interface Configured {
  /** Path of the setting below the system's; a digest goes there. */
  readonly at: readonly string[];
  /** As the program deploys it, by tag or by digest. */
  readonly image: string;
  /** The tag to follow where the setting holds a digest alone. @default that of the setting's text */
  readonly tag?: string | undefined;
  /** Does the setting hold nothing but the digest? @default false, it holds the whole name */
  readonly digestOnly?: boolean;
  /** Why no digest is written there. @default one is */
  readonly unpinned?: string;
  /** ImageStream through which pods may have it. @default none */
  readonly stream?: string;
  /** Why the image is for one stack alone. @default it is for any */
  readonly bound?: string;
}

/** Images of a system, from its settings. */
export const configuredImages = {
  callysto: ({ environments }: CallystoSettings): readonly Configured[] =>
    Object.entries(environments).flatMap(([name, { guest }]) =>
      guest !== undefined && "jupyterhub" in guest
        ? [{ at: ["environments", name, "guest", "jupyterhub", "image"], image: guest.jupyterhub.image }]
        : [],
    ),
  dials: ({ images }: DialsSettings): readonly Configured[] =>
    Object.entries(dials.resolveImages(images)).map(([name, image]) => ({
      ...{ at: ["images", name], image },
      ...(dials.streams.some((one) => one === name) ? { stream: name } : {}),
      ...(name === "frontend" ? { bound: "it is built with its stack's API host: npx orrery dials release" } : {}),
    })),
  packit: (settings: PackitSettings): readonly Configured[] => ofPackit("packit", settings),
  prow: ({ images }: ProwSettings): readonly Configured[] =>
    Object.entries(prow.resolveImages(images)).map(([name, image]) => ({ at: ["images", name], image })),
  stream: (settings: PackitSettings): readonly Configured[] => ofPackit("stream", settings),
  thoth: (settings: ThothSettings): readonly Configured[] => ofThoth(settings),
} as const;

function ofPackit(service: ServiceName, settings: PackitSettings): readonly Configured[] {
  return (Object.keys(packit.images) as packit.ImageName[]).map((name) => {
    const source = packit.images[name];
    const digest = settings.images[name]?.digest;
    const byTag = { ...settings.images, [name]: { ...settings.images[name], digest: undefined } };
    const tagged = packit.sourceImage(service, { ...settings, images: byTag }, name);
    return {
      at: ["images", name, "digest"],
      image: packit.sourceImage(service, settings, name),
      tag: tagged.split(":").at(-1),
      digestOnly: true,
      ...(name in packit.streams ? { stream: packit.streams[name as packit.StreamedImage] } : {}),
      ...("tag" in source || digest !== undefined
        ? {}
        : { unpinned: "its tag moves with each release of the service" }),
    };
  });
}

function ofThoth({ bots, ultrahook, nodepool, station }: ThothSettings): readonly Configured[] {
  const published = (
    at: readonly string[],
    own: { readonly build: boolean; readonly image?: string | undefined } | undefined,
    table?: string,
  ): readonly Configured[] => {
    const image = own?.image ?? (own?.build === false ? table : undefined);
    return image === undefined ? [] : [{ at: [...at, "image"], image }];
  };
  const { sesheta, regidores } = bots ?? {};
  const streams = Object.entries(nodepool?.streams ?? {}).flatMap(([stream, tags]) =>
    Object.entries(tags).flatMap(([tag, from]) =>
      typeof from === "string" ? [{ at: ["nodepool", "streams", stream, tag], image: from }] : [],
    ),
  );
  const receivers = (["webhook2kafkaImage", "normalizersImage"] as const).flatMap((name) => {
    const image = regidores?.[name];
    return image === undefined ? [] : [{ at: ["bots", "regidores", name], image }];
  });
  return [
    ...published(["bots", "kebechet"], bots?.kebechet, thoth.images.kebechet),
    ...published(["bots", "nepthys"], bots?.nepthys, thoth.images.nepthys),
    ...published(["bots", "reviewManager"], bots?.reviewManager, thoth.images.reviewManager),
    ...published(["bots", "sesheta"], sesheta),
    ...receivers,
    ...(ultrahook === undefined
      ? []
      : published(["ultrahook"], { ...ultrahook, build: false }, thoth.images.ultrahook)),
    ...streams,
    ...Object.entries(station?.images ?? {}).map(([name, image]) => ({ at: ["station", "images", name], image })),
  ];
}
