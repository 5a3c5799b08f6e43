/** What must hold of objects in a cluster. */
import { type Manifest, podOf, title } from "../../../policy/manifest.ts";

/** One thing that was looked at. */
export interface Finding {
  readonly check: "exists" | "state" | "right" | "answer";
  readonly object: string;
  readonly ok: boolean;
  /** What is odd. @default nothing */
  readonly detail?: string;
}

/** Prints findings: what is wrong, with `all` everything, and how many. @returns the exit code */
export function reportFindings(
  findings: readonly Finding[],
  values: { readonly all?: unknown; readonly json?: unknown },
): number {
  const wrong = findings.filter(({ ok }) => !ok);
  if (values.json === true) {
    console.log(JSON.stringify(findings, undefined, 2));
  } else {
    for (const { ok, check, object, detail } of values.all === true ? findings : wrong) {
      const more = detail === undefined ? "" : `: ${detail}`;
      console.log(`${ok ? "ok   " : "WRONG"}  ${check.padEnd(6)}  ${object}${more}`);
    }
    console.log(`${findings.length} checks, ${wrong.length} wrong`);
  }
  return wrong.length === 0 ? 0 : 1;
}

/** An object as the cluster has it. */
export interface Live {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
  readonly type?: string;
}

const identity = (kind: string, namespace: string | undefined, name: string): string =>
  `${kind} ${namespace ?? ""}/${name}`;

/** Is everything there? */
export function presence(declared: readonly Manifest[], live: readonly Live[]): readonly Finding[] {
  const there = new Set(live.map(({ kind, metadata }) => identity(kind, metadata.namespace, metadata.name)));
  return declared.map((one): Finding => {
    const ok = there.has(identity(one.kind, one.namespace, one.name));
    return { check: "exists", object: title(one), ok, ...(ok ? {} : { detail: "is not there" }) };
  });
}

/** Does what is there do its work, and is it switched as the settings say? */
export function states(declared: readonly Manifest[], live: readonly Live[]): readonly Finding[] {
  const wanted = new Map(declared.map((one) => [identity(one.kind, one.namespace, one.name), one]));
  const mounted = mountedClaims(declared);
  return live.flatMap((one): readonly Finding[] => {
    const manifest = wanted.get(identity(one.kind, one.metadata.namespace, one.metadata.name));
    const check = stateChecks[one.kind];
    if (manifest === undefined || check === undefined) return [];
    const detail = check(one, manifest.body, mounted);
    return [
      {
        check: "state",
        object: title(manifest),
        ok: detail === undefined,
        ...(detail === undefined ? {} : { detail }),
      },
    ];
  });
}

/** Claims that pods mount which run all the time. A storage class may wait with any other until somebody wants it. */
function mountedClaims(declared: readonly Manifest[]): ReadonlySet<string> {
  const running = declared.filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet");
  const names = running.flatMap((one) => {
    const volumes = (podOf(one)?.spec.volumes ?? []) as { persistentVolumeClaim?: { claimName: string } }[];
    return volumes.flatMap(({ persistentVolumeClaim: claim }) =>
      claim === undefined ? [] : [identity("PersistentVolumeClaim", one.namespace, claim.claimName)],
    );
  });
  return new Set(names);
}

/** What is wrong with an object of a kind. */
type StateCheck = (
  live: Live,
  declared: Readonly<Record<string, unknown>>,
  mounted: ReadonlySet<string>,
) => string | undefined;

const stateChecks: Readonly<Record<string, StateCheck>> = {
  Deployment: (live, { spec }) => pods(live, (spec as { replicas?: number }).replicas ?? 1),
  StatefulSet: (live, { spec }) => pods(live, (spec as { replicas?: number }).replicas ?? 1),
  CronJob: ({ spec }, { spec: declared }) => {
    const [is, should] = [spec?.suspend === true, (declared as { suspend?: boolean }).suspend === true];
    return is === should
      ? undefined
      : `is ${is ? "suspended" : "running"} and should be ${is ? "running" : "suspended"}`;
  },
  PersistentVolumeClaim: ({ kind, metadata, status }, _, mounted) => {
    const waits = status?.phase === "Pending" && !mounted.has(identity(kind, metadata.namespace, metadata.name));
    return status?.phase === "Bound" || waits ? undefined : `is ${String(status?.phase)}, not bound`;
  },
  ResourceQuota: ({ status }) => (status?.hard === undefined ? "is not counted yet" : undefined),
  Route: ({ status }) => {
    const ingress = (status?.ingress ?? []) as { conditions?: { type: string; status: string }[] }[];
    const admitted = ingress.some(({ conditions }) =>
      conditions?.some((one) => one.type === "Admitted" && one.status === "True"),
    );
    return admitted ? undefined : "no router has admitted it";
  },
  Secret: ({ type, data }) =>
    type === "kubernetes.io/service-account-token" && (data?.token ?? "") === "" ? "has no token" : undefined,
  Namespace: ({ status }) => (status?.phase === "Terminating" ? "is being deleted" : undefined),
};

function pods({ spec, status }: Live, wanted: number): string | undefined {
  const [asked, ready] = [Number(spec?.replicas ?? 1), Number(status?.readyReplicas ?? 0)];
  if (asked !== wanted) return `asks for ${asked} pods and should for ${wanted}`;
  return ready >= wanted ? undefined : `${ready} of ${wanted} pods are ready`;
}
