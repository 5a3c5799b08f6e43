/**
 * Callysto's prod stack on the lab, whole: hub-prod with JupyterHub behind single sign-on, and clavius, up and again. What is
 * done to its machines is in callystoMachines.test.ts. The school's provider does not exist, so nobody logs in.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { inside, machineOf, oddities } from "./callysto/machine.ts";
import { closeProd, openProd } from "./callysto/prod.ts";
import { eventually } from "../../lab/harness/cloud.ts";
import { probe } from "./ssh.ts";
import type { SystemOnLab } from "../../lab/harness/system.ts";

describe("Callysto's prod stack", function () {
  this.timeout(3_600_000);
  let prod: SystemOnLab;
  before(async () => {
    prod = await openProd("m1.medium");
  });
  after(() => closeProd(prod));

  it("prod comes up with everything inside both machines, and `status` says so", async () => {
    await prod.assertDeploys();
    assert.deepEqual(await oddities(prod, "hub-prod"), []);
    const hub = await machineOf(prod, "hub-prod");
    assert.equal(hub.hostname, "hub.callysto.ca");
    for (const port of [22, 80, 443]) assert.equal(await probe(hub.address, port), "open", String(port));
    const units = "apache2 shibd php8.2-fpm jupyterhub configurable-http-proxy docker";
    assert.equal(await inside(prod, hub, `systemctl is-active ${units} | sort -u`), "active");
    const asked = "curl -sk -o /dev/null -w '%{http_code} %{redirect_url}'";
    assert.equal(await inside(prod, hub, `${asked} https://localhost/simplesaml/saml2/idp/metadata.php`), "200");
    // Somebody without a session is sent to the hub's own identity provider, once shibd has read what that is.
    await eventually(
      "the way to the identity provider",
      () => inside(prod, hub, `${asked} -H 'Host: ${hub.hostname}' https://localhost/jupyter/hub/login`),
      (answer) => /^302 https:\/\/hub\.callysto\.ca\/simplesaml\//.test(answer),
      180,
    );
  });

  it("a second up of prod changes nothing", () => prod.assertNoChanges());

  it("prod is not destroyed while it holds data, and is cleanly destroyed afterwards", async () => {
    await prod.assertDestroyRefused();
    await prod.assertDestroyed();
  });
});
