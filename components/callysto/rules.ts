import type { RuleProblem } from "../../config/define.ts";
import type { CallystoSettings, HubSettings } from "./settings.ts";
import { swiftImage } from "./guest/settings.ts";
import { mergeKeys } from "./sshKeys.ts";

/** What is wrong across Callysto's settings; the schema checks each setting on its own. */
export function callystoRules(settings: CallystoSettings): RuleProblem[] {
  return [
    ...deployKeyRules(settings),
    ...Object.entries(settings.environments).flatMap(([name, environment]) => [
      ...domainRule(settings, name),
      ...keypairRule(settings, name),
      ...keyRules(settings, name),
      ...(environment.kind === "hub"
        ? [
            ...mirrorRule(name, environment),
            ...openHubRule(name, environment),
            ...jupyterhubRules(name, environment),
            ...ssoRules(name, environment),
          ]
        : pushRules(settings, name)),
    ]),
    ...takenTwice(settings, "name", (environment) =>
      environment.name.mode === "fixed" ? [`${environment.name.label}.${environment.domain}`] : [],
    ),
    ...takenTwice(settings, "floatingIp.ip", ({ floatingIp }) =>
      floatingIp.mode === "existing" ? [floatingIp.ip] : [],
    ),
    ...takenTwice(settings, "guest.certificates", (environment) =>
      environment.kind === "clavius" ? Object.keys(environment.guest?.certificates ?? {}) : [],
    ),
    ...takenTwice(settings, "volumes.volumes", (environment) =>
      environment.kind === "hub" && environment.volumes.mode === "existing"
        ? [...new Set(environment.volumes.volumes)]
        : [],
    ),
  ];
}

/** A key is not both let in and taken away: the guest would let in nobody. */
function deployKeyRules({ deployKey, nextDeployKey, formerDeployKeys }: CallystoSettings): RuleProblem[] {
  const body = (line = ""): string => line.split(" ")[1] ?? "";
  const former = formerDeployKeys.map(body);
  return [
    ...(former.includes(body(deployKey))
      ? [{ path: "formerDeployKeys", problem: "holds deployKey, which configures the guests; remove it from the list" }]
      : []),
    ...(nextDeployKey !== undefined && [...former, body(deployKey)].includes(body(nextDeployKey))
      ? [{ path: "nextDeployKey", problem: "is deployKey or a former one; expected another key" }]
      : []),
  ];
}

function domainRule({ zones, environments }: CallystoSettings, name: string): RuleProblem[] {
  const domain = environments[name]?.domain ?? "";
  if (zones[domain] !== undefined) return [];
  return [
    {
      path: `environments.${name}.domain`,
      problem: `got "${domain}"; expected one of zones: ${Object.keys(zones).join(", ")}`,
    },
  ];
}

function keypairRule({ environments }: CallystoSettings, name: string): RuleProblem[] {
  const keypair = environments[name]?.keypair;
  if (keypair?.mode !== "shared" || environments[keypair.with]?.keypair.mode === "own") return [];
  return [
    {
      path: `environments.${name}.keypair.with`,
      problem: `got "${keypair.with}"; expected an environment whose keypair.mode is own`,
    },
  ];
}

function keyRules({ sshKeys, environments }: CallystoSettings, name: string): RuleProblem[] {
  const own = environments[name]?.sshKeys ?? {};
  return Object.entries(mergeKeys(sshKeys, own))
    .filter(([, key]) => key.publicKey === undefined)
    .map(([key]) => ({
      path: own[key] === undefined ? `sshKeys.${key}` : `environments.${name}.sshKeys.${key}`,
      problem: "has no publicKey, neither here nor in the global sshKeys",
    }));
}

/** This authenticator accepts every name without a password, and with it that user's files. */
function openHubRule(name: string, { disposable, guest }: HubSettings): RuleProblem[] {
  if (disposable || guest?.jupyterhub.authenticator !== "dummy") return [];
  const problem =
    'is "dummy", which lets everybody in under any name; expected another one, or a hub that is disposable';
  return [{ path: `environments.${name}.guest.jupyterhub.authenticator`, problem }];
}

/** What the seed asserted before it touched a hub: authenticator, spawner, image and their settings fit together. */
function jupyterhubRules(name: string, { guest }: HubSettings): RuleProblem[] {
  if (guest === undefined) return [];
  const { authenticator, google, spawner, swift, image } = guest.jupyterhub;
  const inSwift = spawner === "syzygyswiftspawner";
  const isSwiftImage = image.split(/[:@]/)[0] === swiftImage;
  const rules: [wrong: boolean, key: string, problem: string][] = [
    [inSwift && swift === undefined, "swift", "got nothing; spawner syzygyswiftspawner needs the project it writes to"],
    [!inSwift && swift !== undefined, "swift", "only spawner syzygyswiftspawner uses it; remove it"],
    [inSwift && !isSwiftImage, "image", `got ${image}; spawner syzygyswiftspawner needs ${swiftImage}`],
    [!inSwift && isSwiftImage, "image", `got ${image}; only spawner syzygyswiftspawner can use it`],
    [
      authenticator === "google" && google === undefined,
      "google",
      "got nothing; authenticator google needs its client",
    ],
    [authenticator !== "google" && google !== undefined, "google", "only authenticator google uses it; remove it"],
  ];
  const path = `environments.${name}.guest.jupyterhub`;
  return rules.filter(([wrong]) => wrong).map(([, key, problem]) => ({ path: `${path}.${key}`, problem }));
}

function ssoRules(name: string, { guest }: HubSettings): RuleProblem[] {
  if (guest === undefined) return [];
  const path = `environments.${name}.guest.sso`;
  const { sso, jupyterhub } = guest;
  if (jupyterhub.authenticator !== "shib")
    return sso === undefined ? [] : [{ path, problem: "only authenticator shib uses it; remove it" }];
  if (sso === undefined) return [{ path, problem: "got nothing; authenticator shib needs its sources" }];
  const sources = Object.entries(sso.sources);
  if (sources.length === 0 && !sso.develop)
    return [{ path: `${path}.sources`, problem: "got none; nobody could log in" }];
  if (sources.length < 2) return [];
  return [
    ...(sso.names === "source"
      ? []
      : [
          {
            path: `${path}.names`,
            problem: `got ${sso.names ?? "nothing"}; with several sources expected source, else people of one could open homes of another; homes are moved by \`npm run ops -- callysto rename-homes\``,
          },
        ]),
    ...sources
      .filter(([, { scopes }]) => scopes === undefined)
      .map(([source]) => ({
        path: `${path}.sources.${source}.scopes`,
        problem: "got nothing; with several sources expected metadata, a list of domains, or any",
      })),
    ...sources
      .filter(([, { entityId }], at) => sources.slice(0, at).some(([, other]) => other.entityId === entityId))
      .map(([source, { entityId }]) => ({
        path: `${path}.sources.${source}.entityId`,
        problem: `${entityId} is another source already`,
      })),
  ];
}

/** A certificate's private key goes only to servers whose host keys are known. */
function pushRules({ environments }: CallystoSettings, name: string): RuleProblem[] {
  const workstation = environments[name];
  if (workstation?.kind !== "clavius") return [];
  const known = Object.values(environments).flatMap(({ kind, guest, name: label, domain }) =>
    kind === "hub" && guest !== undefined && label.mode === "fixed" ? [`${label.label}.${domain}`] : [],
  );
  return Object.entries(workstation.guest?.certificates ?? {}).flatMap(([certificate, { servers, hostKeys }]) =>
    servers
      .filter((server) => !known.includes(server) && hostKeys[server] === undefined)
      .map((server) => ({
        path: `environments.${name}.guest.certificates.${certificate}.hostKeys`,
        problem: `has no key of ${server}, which is no hub of this stack; the stack that it belongs to prints it: npx pulumi stack output callysto --stack STACK`,
      })),
  );
}

function mirrorRule(name: string, { volumes }: HubSettings): RuleProblem[] {
  if (volumes.mode !== "existing" || new Set(volumes.volumes).size === volumes.volumes.length) return [];
  return [{ path: `environments.${name}.volumes.volumes`, problem: "names the same volume twice; a mirror needs two" }];
}

/** Environments that claim what another one has. */
function takenTwice(
  { environments }: CallystoSettings,
  setting: string,
  claims: (environment: CallystoSettings["environments"][string]) => readonly string[],
): RuleProblem[] {
  const owners = new Map<string, string>();
  const problems: RuleProblem[] = [];
  for (const [name, environment] of Object.entries(environments)) {
    for (const claim of claims(environment)) {
      const owner = owners.get(claim);
      if (owner === undefined) owners.set(claim, name);
      else
        problems.push({
          path: `environments.${name}.${setting}`,
          problem: `${claim} already belongs to environments.${owner}`,
        });
    }
  }
  return problems;
}
