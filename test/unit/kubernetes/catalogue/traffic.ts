import { spread } from "../../../../blocks/kubernetes/podDisruptionBudget.ts";
import * as traffic from "../../../../blocks/kubernetes/networkPolicy.ts";
import { existingNamespace } from "../../../../blocks/kubernetes/metadata.ts";
import { decorated, least, type Section } from "./section.ts";

/** Services, public names, and who may talk to whom. */
export const trafficBlocks: Section = async (cluster, opts) => {
  const { Service } = await import("../../../../blocks/kubernetes/service.ts");
  const { PublicEndpoint } = await import("../../../../blocks/kubernetes/publicEndpoint.ts");
  const { NetworkPolicy } = await import("../../../../blocks/kubernetes/networkPolicy.ts");
  const { Deployment } = await import("../../../../blocks/kubernetes/deployment.ts");
  const namespace = existingNamespace(cluster, "apps");

  const ports = { web: 8080, dns: { port: 5353, protocol: "UDP" }, sctp: { port: 99, protocol: "SCTP" } } as const;
  const container = { ...least, probes: { none: "nothing to ask" }, ports };
  const of = new Deployment(
    "workload",
    { namespace, name: "web", labels: { app: "web" }, containers: [container] },
    opts,
  );
  const byLabels = { selector: { app: "theirs" } };
  const service = new Service(
    "service-least",
    { namespace, name: "least", of: byLabels, ports: { web: { port: 80 } } },
    opts,
  );
  const full = new Service(
    "service-full",
    {
      ...{ namespace, name: "full", ...decorated, of, headless: true, type: "NodePort", publishNotReady: true },
      ports: { web: { port: 80, target: "web" }, dns: { port: 53, target: 5353, protocol: "UDP" }, sctp: { port: 99 } },
    },
    opts,
  );
  new Service(
    "service-balanced",
    { namespace, name: "balanced", of, type: "LoadBalancer", ports: { web: { port: 8080 } } },
    opts,
  );

  const least1 = new PublicEndpoint("exposure-least", { namespace, name: "least", service, port: "web" }, opts);
  const edge = { termination: "edge", insecure: "Redirect", secretName: "tls" } as const;
  const exposed = { namespace, service: full, port: "web" };
  const full1 = new PublicEndpoint(
    "exposure-full",
    {
      ...{
        ...exposed,
        name: "full",
        ...decorated,
        host: "www.example.org",
        path: "/api",
        tls: edge,
        timeoutSeconds: 60,
      },
      ...{ allowFrom: ["10.0.0.0/8", "192.168.0.0/16"], ingressClass: "nginx", pathType: "Exact" },
    },
    opts,
  );
  const passthrough = { termination: "passthrough", insecure: "None" } as const;
  new PublicEndpoint(
    "exposure-passthrough",
    { ...exposed, name: "passthrough", tls: passthrough, allowFrom: [] },
    opts,
  );
  new PublicEndpoint("exposure-reencrypt", { ...exposed, name: "reencrypt", tls: { termination: "reencrypt" } }, opts);

  new NetworkPolicy("policy-least", { namespace, name: "nothing", pods: {} }, opts);
  const { anywhere, apiServer, dns, internet, pods, router } = traffic;
  new NetworkPolicy(
    "policy-full",
    {
      ...{ namespace, name: "full", ...decorated, pods: { app: "web" } },
      ingress: [router(cluster, 8080, "metrics"), pods({ app: "web" }, [8080]), pods({}, ["web"], "monitoring")],
      egress: [anywhere(443, "web"), internet(["10.0.0.0/8"]), apiServer(), dns()],
    },
    opts,
  );

  return {
    hosts: [service.host, full.host, service.name],
    urls: [service.url("web"), full.url("dns", "udp")],
    exposed: [least1.host, least1.url, full1.host, full1.url],
    spread: spread({ app: "web" }),
  };
};
