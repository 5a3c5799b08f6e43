/** Config of the clusters and clouds of a stack. Free of the SDKs, so that tools load it quickly. */
import { z } from "zod";
import { kubeconfigProblem } from "./clusterApi.ts";
import { defineSystem } from "./define.ts";
import { namespaceName } from "./fields.ts";

const name = z.stringFormat("name", /^(?!settings$)[a-z][a-z0-9-]*$/, {
  error: "expected a name of lower-case letters, digits and dashes",
});

/** Whether samples may be deployed there; neither is set for anything in real use. */
const samples = {
  lab: z
    .boolean()
    .optional()
    .describe("It is the embedded lab, on this machine: samples may go there. `npm run lab` writes it."),
  allowSamples: z
    .boolean()
    .optional()
    .describe(
      "Published samples may be deployed there, but not over a live text that is no sample. For throwaway environments.",
    ),
};

/** Whether a server is on this machine, as the lab always is. */
function isHere(url: string): boolean {
  return ["127.0.0.1", "localhost", "[::1]"].includes(URL.parse(url)?.hostname ?? "");
}

export const clustersSchema = defineSystem({
  namespace: "clusters",
  settings: z.record(
    name,
    z.strictObject({
      platform: z
        .enum(["openshift", "kubernetes"])
        .describe("Decides between Route and Ingress, and what pods may ask for."),
      appsDomain: z.hostname().describe("Domain under which the cluster's router answers."),
      serverSideApply: z
        .boolean()
        .default(true)
        .describe("Off for clusters whose aggregated kinds (Route, ImageStream) refuse server-side apply."),
      ingress: z
        .strictObject({
          namespace: namespaceName.optional().describe("Namespace of its pods, unless they use their nodes' network."),
          ranges: z
            .array(z.union([z.cidrv4(), z.cidrv6()]))
            .min(1)
            .optional()
            .describe("Addresses of its nodes, as ranges."),
        })
        .optional()
        .describe(
          "Platform kubernetes: where the ingress controller's calls come from. Without it NetworkPolicies let anybody call web servers.",
        ),
      monitoring: z
        .strictObject({
          namespace: namespaceName.describe("Namespace of the Prometheus that collects; NetworkPolicies let it in."),
          labels: z
            .record(z.string(), z.string())
            .default({})
            .describe("Labels by which it selects monitors and rules, e.g. `release: prometheus`; often none."),
        })
        .optional()
        .describe(
          "The cluster has the Prometheus operator's kinds: systems declare their monitors and alerts there. Without it they declare none.",
        ),
      paused: z
        .boolean()
        .optional()
        .describe(
          "Everything is deployed there and nothing acts: no pods but those of databases, CronJobs and Jobs suspended. `orrery adopt --to` writes it.",
        ),
      ...samples,
    }),
  ),
  secrets: {},
  rules: (settings) =>
    Object.entries(settings).flatMap(([cluster, { platform, ingress }]) =>
      platform === "openshift" && ingress !== undefined
        ? [
            {
              path: `${cluster}.ingress`,
              problem: "is for platform kubernetes; OpenShift's router is known by its labels",
            },
          ]
        : [],
    ),
  keyedSecrets: {
    kubeconfigs: {
      description: "Kubeconfig of the account that deploys.",
      format: "kubeconfig",
      legacySource: { description: "`oc login` with OCP_URL and OCP_TOKEN" },
      members: (settings) => Object.keys(settings),
      key: (member) => member,
      check: (text, { settings, name }) => {
        const problem = kubeconfigProblem(text);
        if (problem !== undefined) return `expected a kubeconfig; ${problem}`;
        return settings[name]?.lab === true ? elsewhere(text) : undefined;
      },
    },
  },
});

/** What is wrong with a kubeconfig of the lab; the sample stands for it in offline work. */
function elsewhere(kubeconfig: string): string | undefined {
  const servers = [...kubeconfig.matchAll(/\bserver["']?:\s*["']?([^\s"',}]+)/g)].map(([, server = ""]) => server);
  if (servers.every((server) => isHere(server) || server === "https://sample.invalid:6443")) return undefined;
  return "the cluster is marked as the lab (`lab: true`), but the server is not on this machine";
}

export const cloudsSchema = defineSystem({
  namespace: "clouds",
  settings: z.record(
    name,
    z.strictObject({
      authUrl: z
        .url({
          protocol: /^https?$/,
          hostname: /./,
          error: "expected Keystone's URL, e.g. https://keystone.example.org:5000/v3",
        })
        .describe("Keystone's URL."),
      region: z.string().min(1).describe("Region of all services."),
      userName: z.string().min(1).optional().describe("User who deploys; its password is the cloud's secret."),
      tenantName: z.string().min(1).optional().describe("Project that is deployed to; goes with userName."),
      userDomainName: z.string().min(1).default("Default").describe("Domain of the user."),
      projectDomainName: z.string().min(1).default("Default").describe("Domain of the project."),
      applicationCredentialId: z
        .string()
        .min(1)
        .optional()
        .describe("Instead of userName and tenantName; its secret is the cloud's secret."),
      externalNetwork: z.string().min(1).describe("Network that floating IPs are drawn from."),
      network: z.string().min(1).describe("The project's network that servers are attached to."),
      ...samples,
    }),
  ),
  secrets: {},
  keyedSecrets: {
    credentials: {
      description: "Password of the user, or secret of the application credential.",
      format: "text",
      legacySource: { description: "openrc (OS_PASSWORD)" },
      members: (settings) => Object.keys(settings),
      key: (member) => member,
    },
  },
  rules: (settings) =>
    Object.entries(settings).flatMap(([cloud, { authUrl, lab, userName, tenantName, applicationCredentialId }]) => {
      const { protocol, username, password } = new URL(authUrl);
      if (username !== "" || password !== "") {
        return [
          {
            path: `${cloud}.authUrl`,
            problem: "has a user or password inside; they belong in userName and the cloud's secret",
          },
        ];
      }
      if (protocol === "http:" && !isHere(authUrl)) {
        return [{ path: `${cloud}.authUrl`, problem: "sends the password in clear; expected https" }];
      }
      if (lab === true && !isHere(authUrl)) {
        return [{ path: `${cloud}.lab`, problem: "got true; expected false: authUrl is not on this machine" }];
      }
      if (applicationCredentialId === undefined) {
        const given = { userName, tenantName };
        return Object.entries(given)
          .filter(([, value]) => value === undefined)
          .map(([key]) => ({
            path: `${cloud}.${key}`,
            problem: "got nothing; expected it, or an applicationCredentialId",
          }));
      }
      if (userName === undefined && tenantName === undefined) return [];
      const problem = "got both an application credential and a user; expected one of the two";
      return [{ path: `${cloud}.applicationCredentialId`, problem }];
    }),
});

/** The config check has seen every name that systems use, so a missing one is a slip in a schema's `references`. */
export function targetNamed<T>(target: T | undefined, kind: string, name: string): T {
  if (target === undefined)
    throw new Error(`${kind} "${name}" is used but not among the references of a system's schema`);
  return target;
}
