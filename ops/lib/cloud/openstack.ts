/** Asks the OpenStack cloud of a stack, as the user who deploys. */
import { cloudsSchema } from "../../../config/targets.ts";
import type { Json } from "../../../policy/manifest.ts";
import { secretOf } from "../secrets.ts";
import { openStack, type StackValues } from "../stack.ts";
import { ask } from "./request.ts";

/** The services that are asked, by the names under which catalogs have them. */
const serviceTypes = {
  compute: ["compute"],
  volume: ["volumev3", "block-storage"],
  network: ["network"],
  dns: ["dns"],
} as const;

/** A project of a cloud. */
export interface CloudApi {
  /** Id of the project that is logged in to. */
  readonly project: string;
  /** Roles in it. */
  readonly roles: readonly string[];
  /** What of the login ends, and when. */
  readonly ends: readonly { readonly what: string; readonly until: Date }[];
  /** Answer to a GET; the path follows the service's endpoint. @throws if it is no success */
  get<T>(service: keyof typeof serviceTypes, path: string): Promise<T>;
}

interface Token {
  readonly user?: { readonly password_expires_at?: string | null };
  readonly application_credential?: { readonly expires_at?: string | null };
  readonly project: { readonly id: string };
  readonly roles: readonly { readonly name: string }[];
  readonly catalog: readonly {
    readonly type: string;
    readonly endpoints: readonly { readonly interface: string; readonly region: string; readonly url: string }[];
  }[];
}

type CloudSettings = ReturnType<typeof openStack<typeof cloudsSchema.settings>>["settings"][string];

/**
 * Logs in to one of the stack's clouds.
 * @param signal - ends all requests
 * @param secret - reads a secret of the stack. @default with the passphrase of this shell
 * @throws if it does not answer or does not let us in
 */
export async function openCloud(
  name: string,
  values: StackValues,
  signal?: AbortSignal,
  secret?: (key: string) => string,
): Promise<CloudApi> {
  const stack = openStack(cloudsSchema, values);
  const cloud = stack.settings[name];
  if (cloud === undefined) throw new Error(`clouds:settings has no "${name}"`);
  const key = `clouds:${name}`;
  const password = secret === undefined ? secretOf(stack, key) : secret(key);
  const ending = signal === undefined ? {} : { signal };
  const body = { auth: { identity: identity(cloud, password), ...scope(cloud) } };
  const answer = await ask(`${cloud.authUrl}/auth/tokens`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
    ...ending,
  });
  if (answer.status === 401) {
    throw new Error(`cloud "${name}" refuses the login; check clouds:settings and the secret clouds:${name}`);
  }
  if (!answer.ok) throw new Error(`cloud "${name}" answered the login with ${answer.status}`);
  const { token } = (await answer.json()) as { token: Token };
  const headers = { "x-auth-token": answer.headers.get("x-subject-token") ?? "" };
  return {
    project: token.project.id,
    roles: token.roles.map(({ name: role }) => role),
    ends: endsOf(token),
    async get<T>(service: keyof typeof serviceTypes, path: string): Promise<T> {
      const types: readonly string[] = serviceTypes[service];
      const endpoint = token.catalog
        .filter(({ type }) => types.includes(type))
        .flatMap(({ endpoints }) => endpoints)
        .find((one) => one.interface === "public" && one.region === cloud.region);
      if (endpoint === undefined)
        throw new Error(`cloud "${name}" has no ${service} service in region ${cloud.region}`);
      const root = service === "network" ? endpoint.url.replace(/\/v2\.0\/?$/, "") : endpoint.url;
      const got = await ask(`${root.replace(/\/$/, "")}${path}`, { headers, ...ending });
      if (!got.ok)
        throw new Error(`cloud "${name}", ${service} ${path}: ${got.status} ${(await got.text()).slice(0, 200)}`);
      return (await got.json()) as T;
    },
  };
}

/** Keystone tells the ends of what one logs in with; its times are UTC without saying so. */
function endsOf({ user, application_credential: credential }: Token): CloudApi["ends"] {
  const all = [
    { what: "the login's password", at: credential === undefined ? user?.password_expires_at : undefined },
    { what: "the login's application credential", at: credential?.expires_at },
  ];
  return all.flatMap(({ what, at }) =>
    typeof at === "string" ? [{ what, until: new Date(/Z$|[+-]\d\d:?\d\d$/.test(at) ? at : `${at}Z`) }] : [],
  );
}

function identity(cloud: CloudSettings, secret: string): object {
  return cloud.applicationCredentialId === undefined
    ? {
        methods: ["password"],
        password: { user: { name: cloud.userName, domain: { name: cloud.userDomainName }, password: secret } },
      }
    : {
        methods: ["application_credential"],
        application_credential: { id: cloud.applicationCredentialId, secret },
      };
}

/** An application credential carries its project. */
function scope(cloud: CloudSettings): object {
  return cloud.applicationCredentialId === undefined
    ? { scope: { project: { name: cloud.tenantName, domain: { name: cloud.projectDomainName } } } }
    : {};
}

/** Whether a rule says what was declared; Neutron refuses a second one that says the same. */
export function sameRule(rule: Json, inputs: Json): boolean {
  const pairs = [
    [rule.direction, inputs.direction],
    [rule.ethertype, inputs.ethertype],
    [protocolOf(rule), protocolOf(inputs)],
    [rule.port_range_min, inputs.portRangeMin],
    [rule.port_range_max, inputs.portRangeMax],
    [rule.remote_group_id, inputs.remoteGroupId],
  ];
  const isSame = pairs.every(([live, declared]) => (live ?? undefined) === declared);
  return isSame && prefixOf(rule.remote_ip_prefix) === prefixOf(inputs.remoteIpPrefix);
}

/** Numbers and former names of protocols (Neutron's constants); a rule keeps the word that it was made with. */
const protocols: Readonly<Record<string, string>> = {
  ...{ "1": "icmp", "6": "tcp", "17": "udp", "58": "ipv6-icmp", icmpv6: "ipv6-icmp" },
};

/** A protocol by its present name; `icmp` of IPv6 is ICMPv6. */
function protocolOf({ ethertype, protocol }: Json): unknown {
  const name = typeof protocol === "string" ? (protocols[protocol] ?? protocol) : (protocol ?? undefined);
  return ethertype === "IPv6" && name === "icmp" ? "ipv6-icmp" : name;
}

/** The whole world is a range, or none. */
function prefixOf(range: unknown): unknown {
  return range === "0.0.0.0/0" || range === "::/0" ? undefined : (range ?? undefined);
}
