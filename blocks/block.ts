import type * as pulumi from "@pulumi/pulumi";

/** Options of every resource that a building block makes: the component they belong to, and what must be there first. */
export type BlockOptions = Pick<pulumi.CustomResourceOptions, "parent" | "dependsOn" | "provider">;

/** What happens to a resource that holds data. */
export interface Retention {
  /** Refuse to delete it. */
  readonly protect: boolean;
  /** Leave it in the cluster or cloud when it leaves the program. */
  readonly retainOnDelete: boolean;
}

/**
 * A building block registers nothing of its own: it makes its resources directly below the component that calls it.
 *
 * @example
 * const cache = new Deployment("cache", { namespace, name: "cache", containers }, { parent: this });
 * new Job("fill", { ... }, { parent: this, dependsOn: [...cache.resources] });
 */
export abstract class Block {
  private readonly made: pulumi.Resource[] = [];

  /** Everything that the block made, for `dependsOn`. */
  get resources(): readonly pulumi.Resource[] {
    return this.made;
  }

  /** Notes a resource as made by this block. */
  protected make<T extends pulumi.Resource>(resource: T): T {
    this.made.push(resource);
    return resource;
  }

  /** Notes what another block made as made by this one. */
  protected include(block: Block): void {
    this.made.push(...block.resources);
  }
}
