/** What the program declares in its clusters, known before anything of it is registered. */
import type * as pulumi from "@pulumi/pulumi";
import { plainNamespace } from "./kubernetes/metadata.ts";
import type { DeclaredObject } from "./kubernetes/requiredPermissions.ts";

interface Noted {
  readonly resource: pulumi.Resource;
  readonly type: string;
  readonly object: DeclaredObject;
}

/** A constructed resource of any kind. */
interface Named {
  readonly type: string;
  readonly name: string;
}

/**
 * Notes all resources that are constructed with its options, and holds back their registration: a program constructs
 * everything before it waits for anything.
 *
 * @example
 * const declarations = new Declarations();
 * new Thoth("thoth", { config, targets }, declarations.options);
 * await declarations.register((objects) => check(objects));
 */
export class Declarations {
  /** For every resource without a parent. */
  readonly options: Pick<pulumi.ComponentResourceOptions, "dependsOn" | "transformations">;
  private readonly named: Named[] = [];
  private readonly noted: Noted[] = [];
  private readonly release: () => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<pulumi.Resource[]>();
    this.release = () => {
      resolve([]);
    };
    const note: pulumi.ResourceTransformation = ({ resource, type, name, props, opts }) => {
      this.named.push({ type, name });
      const object = toObject(props);
      // What is only looked up has an id.
      if (
        type.startsWith("kubernetes:") &&
        object !== undefined &&
        (opts as pulumi.CustomResourceOptions).id === undefined
      ) {
        this.noted.push({ resource, type, object });
      }
      return undefined;
    };
    this.options = { dependsOn: promise, transformations: [note] };
  }

  /** Everything that was constructed so far. */
  get resources(): readonly Named[] {
    return this.named;
  }

  /** Has everything registered after a check of the objects by their provider. @throws what the check throws; nothing is registered then */
  async register(check: (objects: ReadonlyMap<pulumi.ProviderResource, readonly DeclaredObject[]>) => Promise<void>) {
    const byProvider = new Map<pulumi.ProviderResource, DeclaredObject[]>();
    for (const { resource, type, object } of this.noted) {
      const provider = resource.getProvider(type);
      if (provider !== undefined) byProvider.set(provider, [...(byProvider.get(provider) ?? []), object]);
    }
    await check(byProvider);
    this.release();
  }
}

/** Outputs among the inputs are not known yet: neither those of the Namespace nor of a Role that is bound. */
function toObject(body: Readonly<Record<string, unknown>>): DeclaredObject | undefined {
  const { apiVersion, kind, metadata } = body;
  if (typeof apiVersion !== "string" || typeof kind !== "string") return undefined;
  const { name, [plainNamespace]: namespace } = metadata as { name: string; [plainNamespace]?: string };
  return { apiVersion, kind, namespace: namespace ?? "", name, body };
}
