import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { metadata } from "../../../../blocks/kubernetes/metadata.ts";
import { amunTemplates } from "./amun.ts";
import type { Ground } from "../namespaces.ts";
import type { StationImages } from "../images.ts";
import { jobTemplate, type TemplateBody } from "./objects.ts";
import { jobTemplates } from "./table.ts";

/** What {@link StationTemplates} need. */
export interface StationTemplatesArgs {
  readonly ground: Ground;
  readonly images: StationImages;
}

/** Templates that operators and interfaces look up by their label while they run. */
export class StationTemplates extends pulumi.ComponentResource {
  constructor(name: string, args: StationTemplatesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:StationTemplates", name, {}, opts);
    const { ground, images } = args;
    const template = (own: string, labels: Readonly<Record<string, string>>, body: TemplateBody): void => {
      new k8s.apiextensions.CustomResource(
        `${name}-${own}`,
        {
          apiVersion: "template.openshift.io/v1",
          kind: "Template",
          metadata: metadata({ place: ground.places.infra, name: own, labels: { template: own, ...labels } }),
          ...body,
        },
        { parent: this },
      );
    };
    for (const one of jobTemplates) {
      const [{ component } = { component: one.name }] = one.jobs.length === 1 ? one.jobs : [];
      template(one.name, { app: "thoth", component, ...one.labels }, jobTemplate(one, images));
    }
    for (const [own, body] of Object.entries(amunTemplates(images))) {
      template(own, { app: "amun", component: own }, body);
    }
    this.registerOutputs({});
  }
}
