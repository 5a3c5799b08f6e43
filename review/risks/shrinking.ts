/** Storage that gets smaller: neither Kubernetes nor Cinder shrinks what exists. */
import { quantityOf } from "../../config/fields.ts";
import type { Change } from "../diff/compare.ts";
import { isMap } from "../diff/fields.ts";
import { formatValue, valueAt } from "../report/format.ts";

/** A size as it is written, and as a number to compare. */
interface Size {
  readonly text: string;
  readonly amount: number;
}

/** One phrase per claim, claim template or volume that is smaller than before. */
export function shrinking({ type, before, after, fields }: Change): readonly string[] {
  const read = sizesOf[type];
  if (read === undefined || before === undefined || after === undefined) return [];
  const [old, now] = [read.sizes(before.inputs), read.sizes(after.inputs)];
  // A field that `ignoreChanges` names does not change.
  if (!fields.some(({ path }) => read.at.every((key, at) => path[at] === key))) return [];
  return [...now].flatMap(([of, { text, amount }]) => {
    const was = old.get(of);
    if (was === undefined || amount >= was.amount) return [];
    return [`shrinks ${of} from ${was.text} to ${text}; it may grow, never shrink`];
  });
}

interface Reader {
  /** Path of the field that holds the sizes. */
  readonly at: readonly string[];
  /** Sizes by what has them. */
  readonly sizes: (inputs: unknown) => ReadonlyMap<string, Size>;
}

const storage = ["spec", "resources", "requests", "storage"];

const sizesOf: Readonly<Record<string, Reader>> = {
  "kubernetes:core/v1:PersistentVolumeClaim": {
    at: storage,
    sizes: (inputs) => sizes([["the claim", valueAt(inputs, ...storage), quantity]]),
  },
  "kubernetes:apps/v1:StatefulSet": {
    at: ["spec", "volumeClaimTemplates"],
    sizes: (inputs) => {
      const templates = valueAt(inputs, "spec", "volumeClaimTemplates");
      return sizes(
        (Array.isArray(templates) ? templates : []).filter(isMap).map((one) => {
          const name = valueAt(one, "metadata", "name");
          return [`claim template ${formatValue(name ?? "")}`, valueAt(one, ...storage), quantity];
        }),
      );
    },
  },
  "openstack:blockstorage/volume:Volume": {
    at: ["size"],
    sizes: (inputs) => sizes([["the volume", valueAt(inputs, "size"), gigabytes]]),
  },
};

function sizes(
  all: readonly (readonly [of: string, value: unknown, read: (value: unknown) => Size | undefined])[],
): ReadonlyMap<string, Size> {
  return new Map(
    all.flatMap(([of, value, read]) => {
      const size = read(value);
      return size === undefined ? [] : [[of, size] as const];
    }),
  );
}

/** A render may be a stranger's: what is no quantity has no size. */
function quantity(value: unknown): Size | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  try {
    return { text: String(value), amount: quantityOf(String(value)) };
  } catch {
    return undefined;
  }
}

function gigabytes(value: unknown): Size | undefined {
  return typeof value === "number" ? { text: `${value} GB`, amount: value } : undefined;
}
