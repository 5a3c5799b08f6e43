import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { metadata } from "../../../../blocks/kubernetes/metadata.ts";
import { amunTemplates } from "./amun.ts";
import type { StationNamespaces } from "../namespaces.ts";
import type { StationImages } from "../images.ts";
import { byNamespace, type Role } from "../roles.ts";
import { jobTemplate, type TemplateBody } from "./objects.ts";
import { jobTemplates } from "./table.ts";

export interface StationTemplatesArgs {
  readonly namespaces: StationNamespaces;
  readonly images: StationImages;
}

/**
 * Templates that operators and interfaces look up by their label while they run. They are where their objects are made: since 4.12
 * OpenShift processes none of another namespace.
 */
export class StationTemplates extends pulumi.ComponentResource {
  constructor(name: string, args: StationTemplatesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:StationTemplates", name, {}, opts);
    const { namespaces, images } = args;
    const template = (
      own: string,
      among: readonly Role[],
      labels: Readonly<Record<string, string>>,
      body: TemplateBody,
    ): void => {
      const chosen = byNamespace(
        namespaces.names,
        among.map((role) => [role, role] as const),
      );
      for (const [namespace, role] of chosen) {
        new k8s.apiextensions.CustomResource(
          `${name}-${own}-in-${namespace}`,
          {
            apiVersion: "template.openshift.io/v1",
            kind: "Template",
            metadata: metadata({ namespace: namespaces.refs[role], name: own, labels: { template: own, ...labels } }),
            ...body,
          },
          { parent: this },
        );
      }
    };
    for (const one of jobTemplates) {
      const [{ component } = { component: one.name }] = one.jobs.length === 1 ? one.jobs : [];
      const among = [...one.runsIn, ...(one.listedIn ?? [])];
      template(one.name, among, { app: "thoth", component, ...one.labels }, jobTemplate(one, images));
    }
    for (const [own, { madeIn, body }] of Object.entries(amunTemplates(images))) {
      template(own, [madeIn], { app: "amun", component: own }, body);
    }
    this.registerOutputs({});
  }
}
