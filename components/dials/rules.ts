import type { RuleProblem } from "../../config/define.ts";
import type { DialsSettings } from "./settings.ts";
import { isProductionBuild, productionBuild, productionSso } from "./frontendBuild.ts";
import { digestOf, resolveImages, streams } from "./images.ts";
import { isReserved } from "./reservedNames.ts";

/** What is wrong across the settings; the schema checks each setting on its own. */
export function dialsRules(settings: DialsSettings): RuleProblem[] {
  return [
    ...workspaceRules(settings),
    ...hostRules(settings),
    ...ssoRules(settings),
    ...buildRules(settings),
    ...exposureRules(settings),
    ...streamRules(settings),
    ...(settings.web.routeTimeoutSeconds < settings.web.timeoutSeconds
      ? [
          {
            path: "web.routeTimeoutSeconds",
            problem: `must not be less than web.timeoutSeconds (${settings.web.timeoutSeconds})`,
          },
        ]
      : []),
  ];
}

function workspaceRules({ workspaces, defaultWorkspace }: DialsSettings): RuleProblem[] {
  const names = workspaces.map(({ name }) => name);
  const twice = names.flatMap((name, index) =>
    names.indexOf(name) === index ? [] : [{ path: `workspaces[${index}].name`, problem: `"${name}" is listed twice` }],
  );
  const reserved = names.flatMap((name, index) =>
    isReserved(name)
      ? [
          {
            path: `workspaces[${index}].name`,
            problem: `"${name}" is a name that PostgreSQL or Django keeps for itself`,
          },
        ]
      : [],
  );
  return [
    ...twice,
    ...reserved,
    ...(names.includes(defaultWorkspace)
      ? []
      : [
          {
            path: "defaultWorkspace",
            problem: `"${defaultWorkspace}" is not one of the workspaces (${names.join(", ")})`,
          },
        ]),
  ];
}

function hostRules({ domain, frontendHost, apiHost, frontendBuild }: DialsSettings): RuleProblem[] {
  const outside = Object.entries({ frontendHost, apiHost })
    .filter(([, host]) => !host.endsWith(`.${domain}`))
    .map(([path, host]) => ({ path, problem: `"${host}" is not allowed: the router admits names in ${domain} only` }));
  return [
    ...outside,
    ...(frontendHost === apiHost
      ? [{ path: "apiHost", problem: "must differ from frontendHost: each has a Route of its own" }]
      : []),
    ...(frontendBuild.apiHost === apiHost
      ? []
      : [
          {
            path: "frontendBuild.apiHost",
            problem: `the frontend image calls "${frontendBuild.apiHost}", not apiHost ("${apiHost}"): name an image that was built for this host and say so here`,
          },
        ]),
  ];
}

function ssoRules({ sso, frontendBuild }: DialsSettings): RuleProblem[] {
  const ids = [frontendBuild.publicClient, sso.confidentialClient, sso.omsClient, ...sso.apiClients];
  const places = ["frontendBuild.publicClient", "sso.confidentialClient", "sso.omsClient"];
  const twice = ids.flatMap((id, index) =>
    ids.indexOf(id) === index
      ? []
      : [
          {
            path: places[index] ?? `sso.apiClients[${index - places.length}]`,
            problem: `"${id}" is the identifier of another application`,
          },
        ],
  );
  return [
    ...twice,
    ...(frontendBuild.audience === sso.confidentialClient
      ? []
      : [
          {
            path: "sso.confidentialClient",
            problem: `the frontend image asks for tokens for "${frontendBuild.audience}" (frontendBuild.audience); the API would refuse them`,
          },
        ]),
  ];
}

/** DIALS' own sources build for production only. */
function buildRules(settings: DialsSettings): RuleProblem[] {
  const { images, sso } = settings;
  if (!isProductionBuild(settings)) {
    const problem = `the default is the production build, which calls "${productionBuild.apiHost}": name here the image that "npm run ops -- dials release VERSION --source DIR --stack STACK" builds, dials-frontend:VERSION-STACK`;
    return images.frontend === undefined ? [{ path: "images.frontend", problem }] : [];
  }
  return (["server", "realm"] as const)
    .filter((key) => sso[key] !== productionSso[key])
    .map((key) => ({
      path: `sso.${key}`,
      problem: `the production build of the frontend logs in at ${productionSso[key]}; frontendBuild names no other build`,
    }));
}

function exposureRules({ exposure }: DialsSettings): RuleProblem[] {
  if (exposure.to === "internet") return [];
  return exposure.ranges.flatMap((range, index) =>
    range.endsWith("/0")
      ? [{ path: `exposure.ranges[${index}]`, problem: `"${range}" is everybody; say to: internet` }]
      : [],
  );
}

function streamRules({ imageStreams, images }: DialsSettings): RuleProblem[] {
  if (!imageStreams) return [];
  const resolved = resolveImages(images);
  return streams
    .filter((name) => digestOf(resolved[name]) === undefined)
    .map((name) => ({
      path: `images.${name}`,
      problem: `"${resolved[name]}" has no digest; imageStreams needs one: npm run ops -- dials images pin`,
    }));
}
