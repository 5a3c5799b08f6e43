/** Config of the clusters and clouds of a stack. Free of the SDKs, so that tools load it quickly. */
import { z } from "zod";
import { defineSystem } from "./define.ts";

const name = z.stringFormat("name", /^(?!settings$)[a-z][a-z0-9-]*$/, {
  error: "expected a name of lower-case letters, digits and dashes",
});

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
    }),
  ),
  secrets: {},
  families: {
    kubeconfigs: {
      description: "Kubeconfig of the account that deploys.",
      format: "kubeconfig",
      formerly: "`oc login` with OCP_URL and OCP_TOKEN",
      members: (settings) => Object.keys(settings),
      key: (member) => member,
    },
  },
});

export const cloudsSchema = defineSystem({
  namespace: "clouds",
  settings: z.record(
    name,
    z.strictObject({
      authUrl: z
        .url({ error: "expected Keystone's URL, e.g. https://keystone.example.org:5000/v3" })
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
    }),
  ),
  secrets: {},
  families: {
    credentials: {
      description: "Password of the user, or secret of the application credential.",
      format: "text",
      formerly: "openrc (OS_PASSWORD)",
      members: (settings) => Object.keys(settings),
      key: (member) => member,
    },
  },
  rules: (settings) =>
    Object.entries(settings).flatMap(([cloud, { userName, tenantName, applicationCredentialId }]) => {
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
