/** Ingresses of every class, as the nginx controller reads them: its annotations, and the longest path first. */
import { certificateProblem } from "./routes.ts";
import { byAge, type Ingress, type IngressPath, type RouterInputs, type Secret } from "./objects.ts";
import { type Outcome, quotable, rangesOf, serversOf, type Site, type SitePath } from "./sites.ts";

const annotation = "nginx.ingress.kubernetes.io";

/** The outcome of every Ingress. @param taken - hosts of Routes, which come first */
export function ingressOutcomes(inputs: RouterInputs, taken: ReadonlySet<string>): Outcome<Ingress>[] {
  const seen = new Set<string>();
  return byAge(inputs.ingresses).map((object) => {
    const sites = sitesOf(object, inputs).filter(({ host, path }) => {
      const claim = `${host} ${path.kind} ${path.value}`;
      if (taken.has(host) || seen.has(claim)) return false;
      seen.add(claim);
      return quotable(path.value) && /^[a-z0-9.-]+$/.test(host);
    });
    return { object, sites };
  });
}

function sitesOf(ingress: Ingress, inputs: RouterInputs): Site[] {
  const { metadata, spec } = ingress;
  const said = (name: string): string | undefined => metadata.annotations?.[`${annotation}/${name}`];
  return (spec.rules ?? []).flatMap(({ host = "", http }, rule) => {
    const tls = (spec.tls ?? []).find(({ hosts = [] }) => hosts.includes(host));
    const secret = inputs.secrets.find(
      (one) => one.metadata.namespace === metadata.namespace && one.metadata.name === tls?.secretName,
    );
    const certificate = certificateOf(secret);
    const encrypted = said("backend-protocol")?.toUpperCase() === "HTTPS";
    const termination = encrypted ? "reencrypt" : "edge";
    return (http?.paths ?? []).map((path, index): Site => {
      const pattern = said("use-regex") === "true" || said("rewrite-target") !== undefined;
      const timeout = said("proxy-read-timeout");
      const allow = rangesOf(said("whitelist-source-range"));
      const rewrite = said("rewrite-target")?.replace(/\$(\d)/g, "\\$1");
      return {
        host: host.toLowerCase(),
        path: pathOf(path, pattern),
        tls: said("ssl-passthrough") === "true" ? "passthrough" : termination,
        plain: tls !== undefined && said("ssl-redirect") !== "false" ? 308 : "serve",
        ...(certificate === undefined ? {} : { certificate }),
        backend: {
          name: `ingress:${metadata.namespace ?? ""}:${metadata.name}:${rule}:${index}`,
          servers: serversFor(ingress, path, inputs),
          ...(encrypted ? { authority: "" } : {}),
          ...(timeout !== undefined && /^[1-9]\d*$/.test(timeout) ? { timeout: `${timeout}s` } : {}),
          ...(allow === undefined ? {} : { allow }),
          refusal: 403,
          ...(rewrite === undefined || !quotable(rewrite) ? {} : { rewrite }),
        },
      };
    });
  });
}

function pathOf({ path = "/", pathType }: IngressPath, pattern: boolean): SitePath {
  if (pathType === "Exact") return { kind: "exact", value: path };
  return { kind: pattern && pathType !== "Prefix" ? "pattern" : "prefix", value: path };
}

/** An Ingress names a port of the Service, whose name leads to the pods' port. */
function serversFor({ metadata }: Ingress, { backend }: IngressPath, { services, slices }: RouterInputs): string[] {
  const namespace = metadata.namespace ?? "";
  const { name = "", port = {} } = backend.service ?? {};
  const service = services.find((one) => one.metadata.namespace === namespace && one.metadata.name === name);
  const found = service?.spec.ports?.find((one) =>
    port.name === undefined ? one.port === port.number : one.name === port.name,
  );
  if (found === undefined) return [];
  return serversOf(slices, namespace, name, (one) => (one.name ?? "") === (found.name ?? ""));
}

/** PEM of a Secret's certificate and key; undefined until it holds a pair that fits. */
function certificateOf(secret: Secret | undefined): string | undefined {
  const decoded = (name: string): string => Buffer.from(secret?.data?.[name] ?? "", "base64").toString();
  const [certificate, key] = [decoded("tls.crt"), decoded("tls.key")];
  return certificateProblem(certificate, key) === undefined ? `${certificate}\n${key}` : undefined;
}
