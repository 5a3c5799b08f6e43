import type * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../../../blocks/kubernetes/cluster.ts";

/** Registers some of the building blocks; what it returns, values that no resource shows, is in the golden file, too. */
export type Section = (cluster: Cluster, opts: pulumi.ComponentResourceOptions) => Promise<object>;

/** What every object takes beside its name. */
export const decorated = { labels: { app: "full" }, annotations: { "example.org/note": "full" } };

/** What a container cannot do without. */
export const least = { name: "main", image: "example/main:1", resources: { cpu: "100m", memory: "64Mi" } } as const;
