import type * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../../../blocks/kubernetes/cluster.ts";

/** Registers some building blocks; returned values, which no resource shows, are in the golden file, too. */
export type Section = (cluster: Cluster, opts: pulumi.ComponentResourceOptions) => Promise<object>;

/** Arguments of every object except its name. */
export const decorated = { labels: { app: "full" }, annotations: { "example.org/note": "full" } };

/** Required arguments of a container. */
export const least = { name: "main", image: "example/main:1", resources: { cpu: "100m", memory: "64Mi" } } as const;
