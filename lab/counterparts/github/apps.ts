/** GitHub Apps: who they are by their signed tokens, where they are installed, and the tokens of their installations. */
import { createHmac, timingSafeEqual, verify } from "node:crypto";
import { type App, installationOf, type World } from "./state.ts";
import { userJson } from "./json.ts";
import { type Call, created, missing, ok, Refusal, repositoryOf, type Routes } from "./routes.ts";

/** Seconds for which a token of an installation is good. */
const lifetime = 3600;
const prefix = "ghs_";

/** What a caller is, if it is an App itself and not one of its installations. */
const asApp = (id: number): string => `app/${id}`;

const decoded = (part = ""): unknown => JSON.parse(Buffer.from(part, "base64url").toString());

/** Who an App says it is, if its key has signed that and it has not expired. */
function signer(world: World, token: string): string | undefined {
  const [head = "", claims = "", signature = ""] = token.split(".");
  try {
    const { iss, exp } = decoded(claims) as { iss?: unknown; exp?: unknown };
    const app = world.seed.apps?.find(({ id }) => String(id) === String(iss));
    if (app === undefined || typeof exp !== "number" || exp * 1000 < Date.now()) return undefined;
    const right = verify(
      "sha256",
      Buffer.from(`${head}.${claims}`),
      app.publicKey,
      Buffer.from(signature, "base64url"),
    );
    return right ? asApp(app.id) : undefined;
  } catch {
    return undefined;
  }
}

/** GitHub's own signature below a token, so that tokens outlive this process, and other Apps that come later. */
const seal = ({ publicKey }: App, text: string): Buffer => createHmac("sha256", publicKey).update(text).digest();

/** The robot whose installation a token is of; undefined for one that was not made here or has expired. */
function installed(world: World, token: string): string | undefined {
  const [text = "", signature = ""] = token.slice(prefix.length).split(".");
  try {
    const { slug, until } = decoded(text) as { slug: string; until: number };
    const app = world.seed.apps?.find((one) => one.slug === slug);
    if (app === undefined || until < Date.now()) return undefined;
    const [given, right] = [Buffer.from(signature, "base64url"), seal(app, text)];
    return given.length === right.length && timingSafeEqual(given, right) ? `${slug}[bot]` : undefined;
  } catch {
    return undefined;
  }
}

/** Login of an App or of its robot. */
export function appLogin(world: World, token: string): string | undefined {
  return token.startsWith(prefix) ? installed(world, token) : signer(world, token);
}

const appOf = ({ world, user }: Call) => {
  const app = world.seed.apps?.find(({ id }) => asApp(id) === user);
  if (app === undefined) throw new Refusal(401, "A JSON web token could not be decoded");
  return app;
};

/** The organisation of an installation, by the number in the path. */
function ownerOf(call: Call, app: App): string {
  const owner = app.organisations.find((one) => installationOf(app, one) === Number(call.path.installation));
  if (owner === undefined) throw missing("installation");
  return owner;
}

const permissions = { statuses: "write", contents: "read", issues: "write", pull_requests: "write", metadata: "read" };
/** All that octomachinery wants: it takes neither less nor more. */
const installationJson = (app: App, owner: string) => {
  if (!app.organisations.includes(owner)) throw missing("installation");
  const id = installationOf(app, owner);
  const api = "https://api.github.com";
  const made = "2020-07-16T12:00:00Z";
  return {
    ...{ id, app_id: app.id, app_slug: app.slug, account: userJson(owner), target_type: "Organization" },
    ...{ target_id: userJson(owner).id, created_at: made, updated_at: made, suspended_at: null, suspended_by: null },
    ...{ events: ["*"], permissions, repository_selection: "all", single_file_name: null, single_file_paths: [] },
    has_multiple_single_files: false,
    access_tokens_url: `${api}/app/installations/${id}/access_tokens`,
    repositories_url: `${api}/installation/repositories`,
    html_url: `https://github.com/organizations/${owner}/settings/installations/${id}`,
  };
};

export const apps: Routes = {
  "GET /app": (call) => {
    const { id, slug } = appOf(call);
    return ok({ id, slug, name: slug });
  },
  "GET /app/installations": (call) => {
    const app = appOf(call);
    return ok(app.organisations.map((owner) => installationJson(app, owner)));
  },
  "GET /app/installations/:installation": (call) => {
    const app = appOf(call);
    return ok(installationJson(app, ownerOf(call, app)));
  },
  "GET /repos/:owner/:repo/installation": (call) => ok(installationJson(appOf(call), repositoryOf(call).owner)),
  "POST /app/installations/:installation/access_tokens": (call) => {
    const app = appOf(call);
    const owner = ownerOf(call, app);
    const until = Date.now() + lifetime * 1000;
    const text = Buffer.from(JSON.stringify({ slug: app.slug, owner, until })).toString("base64url");
    return created({
      token: `${prefix}${text}.${seal(app, text).toString("base64url")}`,
      expires_at: new Date(until).toISOString().replace(/\.\d+Z$/, "Z"),
      permissions,
      repository_selection: "all",
    });
  },
};
