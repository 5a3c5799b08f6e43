/**
 * Single sign-on with schools: their identity providers are SimpleSAMLphps too, on names of their own in the same file system.
 * Shows whose name depends on what, and that nobody becomes another school's person.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { hashedName, withSource } from "../../components/callysto/guest/names.ts";
import { bothNamesFolder } from "../../components/callysto/guest/sourceFilters.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import { keptPairs } from "../../ops/commands/callysto/rename-homes.ts";
import { hub as bareHub } from "../unit/callysto/fixture.ts";
import { type Done, MachineRoot } from "./callysto/root.ts";
import { buildSchools, entityId, type School, sourceOf } from "./callysto/school.ts";
import { deploySignOn, hostname, salt, start, type Visit } from "./callysto/signOn.ts";
import { guestSteps } from "./callysto/steps.ts";

const alice = "alice@east.test";
const east: School = { name: "east", attributes: { eduPersonPrincipalName: [alice] }, scopes: ["east.test"] };
// Says the same of somebody else, and that east had said it first.
const west: School = {
  name: "west",
  attributes: { "urn:oid:1.3.6.1.4.1.5923.1.1.1.6": [alice] },
  authority: entityId("east"),
};

const hub = (sso: object): object => ({
  ...bareHub,
  guest: { jupyterhub: { image: "docker.io/callysto/pims-minimal:lab", authenticator: "shib" }, sso },
});

describe("single sign-on with several schools", function () {
  this.timeout(300_000);
  let root: MachineRoot;
  before(async () => {
    await installPackages(["openssl"], () => undefined);
    root = await MachineRoot.open();
  });
  after(() => {
    root.close();
  });

  /** Brings the hub about as the settings say, and lets people come: `visit NAME PASSWORD SOURCE`. */
  async function visits(sso: object, script: string): Promise<Done> {
    const steps = guestSteps(await deploySignOn(hub(sso)), "hub-dev");
    // Nobody answers yet; it is done below.
    root.says(steps.replace("|| /usr/local/sbin/refresh-sso-metadata hourly ||", "|| true ||"));
    return root.run(`set -e
      ${buildSchools([east, west])}
      ${start}
      refresh-sso-metadata hourly; sleep 3
      ${script}`);
  }
  const usersOf = ({ code, stdout, stderr }: Done): readonly string[] => {
    assert.equal(code, 0, `${stderr}\n${stdout}`);
    return stdout
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => (JSON.parse(line) as Visit).user);
  };

  const byAttribute = hashedName(salt, hostname, alice);
  const byEast = hashedName(salt, hostname, withSource(alice, entityId("east")));
  const byWest = hashedName(salt, hostname, withSource(alice, entityId("west")));

  it("a hub with one source keeps its user names when nothing was decided", async () => {
    const done = await visits({ sources: { east: sourceOf(east) } }, "visit alice secret");
    assert.deepEqual(usersOf(done), [byAttribute]);
    assert.equal(root.says(`ls -d ${bothNamesFolder} 2>/dev/null || echo none`), "none");
  });

  it("both names of each user who logs in are recorded on request, and none is changed", async () => {
    const done = await visits({ sources: { east: sourceOf(east) }, keepBothNames: true }, "visit alice secret");
    assert.deepEqual(usersOf(done), [byAttribute]);
    assert.deepEqual(keptPairs(root.says(`ls ${bothNamesFolder}`), "east", "source"), [
      { from: byAttribute, to: byEast },
    ]);
  });

  it("one name at two sources makes two users, and each user stays the same whatever a source claims of another", async () => {
    const sources = {
      east: { ...sourceOf(east), scopes: "metadata" },
      west: { ...sourceOf(west), scopes: "any" },
    };
    const done = await visits(
      { sources, names: "source" },
      "visit alice secret east; visit alice secret west; visit alice secret east",
    );
    assert.deepEqual(usersOf(done), [byEast, byWest, byEast]);
    assert.equal(new Set([byAttribute, byEast, byWest]).size, 3);
  });

  it("an address is only believed within the domains that its source may speak for", async () => {
    const of = (scopes: unknown): object => ({
      sources: { east: { ...sourceOf(east), scopes: "metadata" }, west: { ...sourceOf(west), scopes } },
      names: "source",
    });
    const refused = await visits(of("metadata"), "visit alice secret west");
    assert.notEqual(refused.code, 0);
    assert.match(
      refused.stdout + refused.stderr,
      /lost at https:\/\/\S+\/saml2-acs\.php\/west: [^]*An unhandled exception/,
    );
    assert.deepEqual(usersOf(await visits(of(["east.test"]), "visit alice secret west")), [byWest]);
  });
});
