/** People, organisations, their members and webhooks. */
import { hookJson, repositoryJson, userJson } from "./json.ts";
import { redeliver } from "./webhooks.ts";
import { type Call, created, missing, nothing, ok, Refusal, type Reply, type Routes, text } from "./routes.ts";
import type { Delivery, Hook } from "./state.ts";

function membersOf({ world, path }: Call): readonly string[] {
  const found = world.members(path.org ?? "");
  if (found === undefined) throw missing("organisation");
  return found;
}

const repositoriesOf = ({ world }: Call, owner = ""): Reply =>
  ok([...world.repositories.values()].filter((one) => one.owner === owner).map(repositoryJson));

function hookOf({ world, path }: Call): Hook {
  const found = world.hooks.find(({ id, owner }) => id === Number(path.hook) && owner === path.org);
  if (found === undefined) throw missing("webhook");
  return found;
}

function deliveryOf(call: Call): Delivery {
  const found = hookOf(call).deliveries.find(({ id }) => id === Number(call.path.delivery));
  if (found === undefined) throw missing("delivery");
  return found;
}

export const people: Routes = {
  "GET /user": ({ user }) => ok(userJson(user)),
  "GET /users/:user": ({ world, path }) => {
    if (!world.isUser(path.user ?? "")) throw missing("user");
    return ok(userJson(path.user ?? ""));
  },
  "GET /users/:user/repos": (call) => repositoriesOf(call, call.path.user),
  "GET /orgs/:org": (call) => {
    membersOf(call);
    return ok({ login: call.path.org, default_repository_permission: "read", members_can_create_repositories: false });
  },
  "GET /orgs/:org/repos": (call) => repositoriesOf(call, call.path.org),
  "POST /orgs/:org/repos": async (call) => {
    if (!membersOf(call).includes(call.user)) throw new Refusal(403, `${call.user} is no member`);
    const name = text(call, "name");
    if (call.world.repository(call.path.org ?? "", name) !== undefined) throw new Refusal(422, "name already exists");
    return created(repositoryJson(await call.world.create(call.path.org ?? "", name)));
  },
  "GET /orgs/:org/members": (call) => ok(membersOf(call).map(userJson)),
  "GET /orgs/:org/members/:user": (call) => {
    if (!membersOf(call).includes(call.path.user ?? "")) throw missing("member");
    return nothing;
  },
  "GET /orgs/:org/memberships/:user": (call) => {
    if (!membersOf(call).includes(call.path.user ?? "")) throw missing("membership");
    return ok({ state: "active", role: "member", user: userJson(call.path.user ?? "") });
  },
  "GET /orgs/:org/teams": () => ok([]),
  "GET /teams/:team/members": () => ok([]),
  "GET /orgs/:org/hooks": ({ world, path }) => ok(world.hooks.filter(({ owner }) => owner === path.org).map(hookJson)),
  "POST /orgs/:org/hooks": (call) => {
    membersOf(call);
    const { url, secret } = (call.body.config ?? {}) as { url?: unknown; secret?: unknown };
    if (typeof url !== "string" || typeof secret !== "string") throw new Refusal(422, "config lacks url or secret");
    const hook: Hook = { id: call.world.id(), owner: call.path.org ?? "", url, secret, deliveries: [] };
    call.world.hooks.push(hook);
    return created(hookJson(hook));
  },
  "GET /orgs/:org/hooks/:hook/deliveries": (call) =>
    ok(
      hookOf(call)
        .deliveries.toReversed()
        .map(({ id, guid, event, action, at, redelivery, status }) => {
          return { id, guid, event, action, delivered_at: at, redelivery, status_code: status, status: String(status) };
        }),
    ),
  "GET /orgs/:org/hooks/:hook/deliveries/:delivery": (call) => {
    const { id, guid, event, status, body } = deliveryOf(call);
    return ok({ id, guid, event, status_code: status, request: { payload: JSON.parse(body) as object } });
  },
  "POST /orgs/:org/hooks/:hook/deliveries/:delivery/attempts": async (call) => {
    await redeliver(call.world, hookOf(call), deliveryOf(call));
    return { status: 202, body: {} };
  },
};
