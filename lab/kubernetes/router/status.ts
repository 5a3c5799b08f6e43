/** What the router says about the objects that it serves, in their status. */
import { type KubeApi, pathOf } from "../api.ts";
import { type Balanced, byAge, type Ingress, type Route, type RouteStatus, type Service } from "./objects.ts";
import type { Outcome } from "./sites.ts";

const routerName = "default";

/** Says of each Route whether it is served. */
export async function reportRoutes(api: KubeApi, outcomes: readonly Outcome<Route>[]): Promise<void> {
  for (const { object, refusal } of outcomes) {
    const { ingress = [] } = object.status ?? {};
    const before = ingress.find((one) => one.routerName === routerName);
    const [condition] = before?.conditions ?? [];
    const status = refusal === undefined ? "True" : "False";
    const host = object.spec.host ?? "";
    const listed =
      before?.host === host &&
      condition?.status === status &&
      condition.reason === refusal?.reason &&
      condition.message === refusal?.message;
    if (listed) continue;
    const now: RouteStatus = {
      host,
      routerName,
      routerCanonicalHostname: "router-default.apps.lab.test",
      wildcardPolicy: object.spec.wildcardPolicy ?? "None",
      conditions: [
        { type: "Admitted", status, lastTransitionTime: new Date().toISOString().replace(/\.\d+Z$/, "Z"), ...refusal },
      ],
    };
    const others = ingress.filter((one) => one.routerName !== routerName);
    await api.patch(`${pathOf(object)}/status`, { status: { ingress: [...others, now] } });
  }
}

/** Gives Ingresses the router's address. */
export async function reportIngresses(api: KubeApi, ingresses: readonly Ingress[], address: string): Promise<void> {
  for (const object of ingresses) await report(api, object, { ingress: [{ ip: address }] });
}

/** Gives every Service of type LoadBalancer an address of its own, which it keeps. @param range - of a third of the addresses' bytes: `198.19.7` */
export async function balance(api: KubeApi, services: readonly Service[], range: string): Promise<void> {
  const addressOf = ({ status }: Service): string | undefined => status?.loadBalancer?.ingress?.[0]?.ip;
  const balanced = byAge(services.filter(({ spec }) => spec.type === "LoadBalancer"));
  const taken = new Set(balanced.map(addressOf));
  for (const object of balanced) {
    if (addressOf(object)?.startsWith(`${range}.`) === true) continue;
    const free = Array.from({ length: 254 }, (_, index) => `${range}.${index + 1}`).find((one) => !taken.has(one));
    if (free === undefined) throw new Error(`all addresses of ${range}.0/24 are in use by Services`);
    taken.add(free);
    await report(api, object, { ingress: [{ ip: free, ipMode: "VIP" }] });
  }
}

async function report(api: KubeApi, object: Ingress | Service, wanted: Balanced): Promise<void> {
  if (
    JSON.stringify(object.status?.loadBalancer?.ingress?.map(({ ip }) => ip)) ===
    JSON.stringify(wanted.ingress?.map(({ ip }) => ip))
  )
    return;
  await api.patch(`${pathOf(object)}/status`, { status: { loadBalancer: wanted } });
}
