/** What a build of the frontend talks to: compiled into its image, so that the settings can only say which build it is. */

/** The settings that a build is made of. */
interface BuildSettings {
  readonly frontendBuild: { readonly apiHost: string; readonly publicClient: string; readonly audience: string };
  readonly sso: { readonly server: string; readonly realm: string };
}

/** The build that DIALS' own sources make (`yarn build`, whose mode is always production). */
export const productionBuild = {
  apiHost: "cmsdials-api.web.cern.ch",
  publicClient: "cms-dials-prod-public-app",
  audience: "cms-dials-prod-confidential-app",
} as const;

/** The SSO of that build, and the only one whose tokens OMS and the run registry take. */
export const productionSso = { server: "https://auth.cern.ch/auth/", realm: "cern" } as const;

/** Whether a stack runs the frontend that DIALS' own sources make; any other one is built for the stack. */
export function isProductionBuild({ frontendBuild }: Pick<BuildSettings, "frontendBuild">): boolean {
  return (Object.keys(productionBuild) as (keyof typeof productionBuild)[]).every(
    (key) => frontendBuild[key] === productionBuild[key],
  );
}

/** Names that env.js of DIALS 1.12 exports, all of them imported somewhere. */
export const environmentNames = [
  "ENV",
  "DIALS_API_URL",
  "DIALS_API_AUDIENCE",
  "KEYCLOAK_URL",
  "KEYCLOAK_REALM",
  "KEYCLOAK_CLIENT_ID",
  "ROLE_DQM_HARDCORE",
  "API_SERVICES",
] as const;

/** Text of frontend/src/config/env.js for a stack: the sources know only production and two modes for localhost. */
export function environmentModule(stack: string, { frontendBuild, sso }: BuildSettings): string {
  const values: Readonly<Record<(typeof environmentNames)[number], unknown>> = {
    ENV: stack,
    DIALS_API_URL: `https://${frontendBuild.apiHost}/api/v1`,
    DIALS_API_AUDIENCE: frontendBuild.audience,
    KEYCLOAK_URL: sso.server.replace(/\/$/, ""),
    KEYCLOAK_REALM: sso.realm,
    KEYCLOAK_CLIENT_ID: frontendBuild.publicClient,
    ROLE_DQM_HARDCORE: "cms-dqm-hardcore",
    API_SERVICES: [{ label: "dials", aud: frontendBuild.audience }],
  };
  // The build runs ESLint, whose style is the sources' and not JSON's.
  const lines = environmentNames.map((name) => `export const ${name} = ${JSON.stringify(values[name])}\n`);
  return `/* eslint-disable */\n${lines.join("")}`;
}
