/** What kube-score finds, and which of it the house answers for. */
import { exemptedFrom, type Manifest } from "../../../policy/manifest.ts";

/** What `kube-score score --output-format json` says about one object. */
export interface Scored {
  /** `Kind/group/version/namespace/name`. */
  readonly object_name: string;
  readonly type_meta: { readonly kind: string };
  readonly object_meta: { readonly namespace?: string; readonly name?: string };
  readonly checks: readonly {
    readonly check: { readonly id: string };
    /** 10 is faultless. */
    readonly grade: number;
    readonly skipped: boolean;
    readonly comments: readonly { readonly path: string; readonly summary: string }[] | null;
  }[];
}

/** One thing that a check dislikes. */
export interface Fault {
  readonly check: string;
  readonly object: string;
  /** The container; empty when the check does not say which. */
  readonly container: string;
  readonly summary: string;
}

/** Checks that ask for what the house does not want, for all objects or for those whose name fits, each with its reason. */
export const ignored: readonly { readonly check: string; readonly objects?: RegExp; readonly reason: string }[] = [
  {
    check: "container-security-context-user-group-id",
    reason: "OpenShift gives every namespace its own user ids; a fixed one is refused there (rule no-fixed-user)",
  },
  {
    check: "container-ephemeral-storage-request-and-limit",
    reason: "nobody measured what the services write beside their volumes, and a guess too low evicts pods",
  },
  {
    check: "container-image-pull-policy",
    reason:
      "images are pinned (rule pinned-image), so pulling again can only fail; no namespace shares its pull secrets",
  },
  { check: "deployment-replicas", reason: "how many pods a service has is a setting; most bear only one" },
  {
    check: "deployment-strategy",
    reason: "Recreate where a volume bears one pod, or where two at once would do the work twice",
  },
  {
    check: "pod-probes-identical",
    reason:
      "it compares endpoints only: they have one, and liveness waits longer; Prow's gcsweb has its owner's numbers",
  },
  {
    check: "service-type",
    objects: /prow\/|ingress-nginx\//,
    reason: "Prow's Services are NodePorts, for clusters without a load balancer; its owners' firewalls know them",
  },
  {
    check: "pod-probes",
    objects: /kube(virt|rnetes)-prow\/|\/packit-worker/,
    reason:
      "their owners ask of them one of the two; most of their Services carry metrics or give names, no user's traffic",
  },
  {
    check: "service-targets-pod",
    objects: /\/prometheus-exporter-(alpha|zero)-\d$/,
    reason: "the StatefulSet's controller gives the pods the label by which they are selected",
  },
  {
    check: "networkpolicy-targets-pod",
    objects:
      /thoth-zuul\/|thoth-[\w-]+\/(station|builds|inspections)$|-bots\/builds$|-jobs\/([\w-]+-)?jobs$|\/default-deny$/,
    reason: "the pods are made by nodepool, by Prow, by Thoth's workflows, or by OpenShift's builds",
  },
];

/** The house's rule that a container may break with a reason, by the check that dislikes the same. */
const rules: Readonly<Record<string, string>> = {
  "container-security-context-readonlyrootfilesystem": "writable-root",
  "container-image-tag": "floating-tag",
  "container-resources": "no-cpu-limit",
  "pod-probes": "no-probes",
};

/** Every fault of an answer. */
export function faultsOf(scored: readonly Scored[]): readonly Fault[] {
  return scored.flatMap(({ object_name: object, checks }) =>
    checks
      .filter(({ skipped, grade }) => !skipped && grade < 10)
      .flatMap(({ check, comments }) =>
        (comments ?? [{ path: "", summary: "no comment" }]).map(({ path, summary }) => {
          return { check: check.id, object, container: path, summary };
        }),
      ),
  );
}

/** Why nothing needs to be done about a fault: an ignored check's reason, or the exception that the object claims itself. */
export function answerTo({ check, object, container }: Fault, manifests: readonly Manifest[]): string | undefined {
  const rule = rules[check];
  const [name, namespace] = object.split("/").toReversed();
  const claims = manifests.some((one) => {
    if (rule === undefined || !object.startsWith(`${one.kind}/`)) return false;
    if (one.name !== name || one.namespace !== namespace) return false;
    const who = [...exemptedFrom(one, rule)].filter((claimant) => claimant !== "");
    return container === "" ? who.length > 0 : who.includes(container);
  });
  if (claims) return rule;
  return ignored.find((one) => one.check === check && (one.objects?.test(object) ?? true))?.reason;
}
