/** Routes as OpenShift's router reads them: its annotations, its rules of who owns a host, its reasons. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { byAge, type Route, type RouterInputs, titleOf } from "./objects.ts";
import { type Outcome, quotable, rangesOf, type Refusal, serversOf, type Site } from "./sites.ts";

const annotation = "haproxy.router.openshift.io";

/** The outcome of every Route. @param authority - PEM that pods' certificates must chain to where a Route names none */
export function routeOutcomes(inputs: RouterInputs, authority: string): Outcome<Route>[] {
  const owners = new Map<string, Route>();
  return byAge(inputs.routes).map((object) => {
    const refusal = refusalOf(object) ?? claim(object, owners);
    return refusal === undefined
      ? { object, sites: [siteOf(object, inputs, authority)] }
      : { object, sites: [], refusal };
  });
}

const hostOf = ({ spec }: Route): string => (spec.host ?? "").toLowerCase();

function refusalOf({ spec }: Route): Refusal | undefined {
  const { tls, path = "", wildcardPolicy } = spec;
  const invalid = (message: string): Refusal => ({ reason: "ExtendedValidationFailed", message });
  if (wildcardPolicy === "Subdomain") {
    return { reason: "RouteNotAdmitted", message: "wildcard routes are not allowed" };
  }
  if ((spec.host ?? "") === "") return { reason: "NoHostValue", message: "no host value was defined for the route" };
  if (!quotable(path)) return invalid("spec.path: Invalid value: a quote, a space or a character beyond ASCII");
  for (const name of ["caCertificate", "destinationCACertificate"] as const) {
    if (!readable(tls?.[name] ?? "")) return invalid(`spec.tls.${name}: Invalid value: it cannot be read`);
  }
  if ((tls?.certificate ?? "") === "" && (tls?.key ?? "") === "") return undefined;
  const wrong = certificateProblem(tls?.certificate ?? "", tls?.key ?? "");
  return wrong === undefined ? undefined : invalid(`spec.tls.certificate: Invalid value: ${wrong}`);
}

/** The oldest Route owns its host for its namespace, and each path on it for itself. */
function claim(route: Route, owners: Map<string, Route>): Refusal | undefined {
  const host = hostOf(route);
  const other = owners.get(host);
  const claimed = (by: Route): Refusal => ({
    reason: "HostAlreadyClaimed",
    message: `route ${by.metadata.name} already exposes ${host} and is older`,
  });
  if (other !== undefined && other.metadata.namespace !== route.metadata.namespace) return claimed(other);
  const exact = `${host} ${route.spec.path ?? "/"}`;
  const same = owners.get(exact);
  if (same !== undefined) return claimed(same);
  if (other === undefined) owners.set(host, route);
  owners.set(exact, route);
  return undefined;
}

function siteOf(route: Route, { slices }: RouterInputs, authority: string): Site {
  const { metadata, spec } = route;
  const annotations = metadata.annotations ?? {};
  const allow = rangesOf(annotations[`${annotation}/ip_allowlist`] ?? annotations[`${annotation}/ip_whitelist`]);
  const timeout = /^[1-9]\d*(us|ms|s|m|h|d)?$/.exec(annotations[`${annotation}/timeout`] ?? "")?.[0];
  const target = spec.port?.targetPort;
  const { tls } = spec;
  const own = (tls?.certificate ?? "") === "" ? undefined : [tls?.certificate, tls?.caCertificate, tls?.key];
  const insecure = tls?.insecureEdgeTerminationPolicy;
  return {
    host: hostOf(route),
    path: { kind: "prefix", value: spec.path ?? "/" },
    tls: tls?.termination ?? "none",
    plain: tls === undefined || insecure === "Allow" ? "serve" : insecure === "Redirect" ? 302 : "refuse",
    ...(own === undefined ? {} : { certificate: own.filter((pem) => pem !== undefined).join("\n") }),
    backend: {
      name: titleOf(route).toLowerCase().replace(/[ /]/g, ":"),
      servers: serversOf(
        slices,
        metadata.namespace ?? "",
        spec.to.name,
        ({ name, port }) => target === undefined || target === name || target === port || target === String(port),
      ),
      ...(tls?.termination === "reencrypt" ? { authority: tls.destinationCACertificate ?? authority } : {}),
      ...(timeout === undefined ? {} : { timeout }),
      ...(allow === undefined ? {} : { allow }),
      refusal: "close",
    },
  };
}

/** Whether a text is empty or begins with a certificate. */
function readable(pem: string): boolean {
  try {
    return pem === "" || new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/** What is wrong with a certificate and its key; undefined if they fit. */
export function certificateProblem(certificate: string, key: string): string | undefined {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
      ? undefined
      : "the key is another certificate's";
  } catch {
    return "the certificate or its key cannot be read";
  }
}
