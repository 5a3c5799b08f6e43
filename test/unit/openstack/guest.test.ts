import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as pulumi from "@pulumi/pulumi";
import { describe, it } from "mocha";
import { ruleset } from "../../../blocks/openstack/guest/firewall.ts";
import { call, quoted, scriptOf, secretCommand, toolkit } from "../../../blocks/openstack/guest/script.ts";
import { Secret } from "../../../review/evaluate/secret.ts";
import { recordCloud, type Seen } from "./fixture.ts";

const address = "192.0.2.7";

/** A guest with one part, one secret and a release. */
function guest(
  changed: { text?: string; address?: string; privateKey?: string; serverId?: string; release?: string } = {},
): Promise<Seen> {
  return recordCloud(async (provider) => {
    const { Guest } = await import("../../../blocks/openstack/guest/guest.ts");
    const { Volume } = await import("@pulumi/openstack/blockstorage/volume.js");
    const disk = new Volume("disk", { size: 1 }, { provider });
    new Guest(
      "hub",
      {
        address: changed.address ?? address,
        user: "ptty2u",
        privateKey: pulumi.secret(changed.privateKey ?? "deploy key"),
        bootstrapKey: "ssh-ed25519 BOOT",
        serverId: changed.serverId ?? "s1",
        after: [disk],
        secrets: {
          token: { path: "/etc/token", text: pulumi.secret("very secret") },
          salt: { path: "/etc/salt", text: pulumi.secret("grain") },
        },
        roles: { motd: { files: [{ path: "/etc/motd", text: changed.text ?? "hello\n" }] } },
        release: [changed.release ?? "umount /data"],
      },
      { provider },
    );
  });
}

const triggers = (seen: Seen, name: string): unknown[] => seen.resource(name).inputs.triggers as unknown[];

describe("a guest's scripts", () => {
  it("a part of a guest is written as calls of the toolkit, in order, with file texts unchanged", () => {
    const text = "it's $HOME `x`\n";
    assert.equal(
      scriptOf({
        checks: ["answers http://127.0.0.1 60 x"],
        units: [{ name: "x", how: "restart", files: ["/etc/x"] }],
        steps: ["mirror tank a b"],
        absentFiles: ["/etc/old"],
        files: [{ path: "/etc/x", text, mode: "0640", owner: "root:x" }],
        keys: [{ user: "x", state: "absent", publicKey: "ssh-ed25519 AAAA x@y " }],
        accounts: [{ name: "x", uid: 9999, home: "/home/x" }],
        absentPackages: ["nano"],
        packages: ["git", "vim"],
      }),
      `. /usr/local/lib/orrery/converge.sh
main() {
packages git vim
no_packages nano
account x 9999 /home/x /bin/bash
key x absent 'ssh-ed25519 AAAA x@y'
file /etc/x 0640 root:x <<'END_OF_FILE'
${text}END_OF_FILE
no_file /etc/old
mirror tank a b
unit x restart /etc/x
answers http://127.0.0.1 60 x
}
main </dev/null
`,
    );
  });

  it("a text that would change its last line is refused, and one with the line that ends a file is written whole", () => {
    const part = (text: string) => () => scriptOf({ files: [{ path: "/etc/x", text }] });
    assert.throws(part("no line break"), /^Error: \/etc\/x: the text must end with a line break$/);
    assert.match(part("a\nEND_OF_FILE\nb\n")(), /<<'END_OF_FILE_'\na\nEND_OF_FILE\nb\nEND_OF_FILE_\n/);
  });

  it("words that a shell would split are quoted", () => {
    assert.equal(quoted("/etc/ssh/sshd_config.d/04-access.conf"), "/etc/ssh/sshd_config.d/04-access.conf");
    assert.equal(quoted("it's; rm -rf $HOME"), "'it'\\''s; rm -rf $HOME'");
    assert.equal(quoted(""), "''");
    assert.match(
      call("apache_module", "ssl"),
      /^sudo -n bash -c '\. \/usr\/local\/lib\/orrery\/converge\.sh; "\$@"' converge apache_module ssl$/,
    );
    const secret = { path: "/etc/token", text: pulumi.secret(""), unit: { name: "hub", how: "restart" as const } };
    assert.match(secretCommand(secret), / secret_file \/etc\/token 0600 root:root hub restart$/);
  });

  it("the scripts and the toolkit are valid bash", () => {
    const script = scriptOf({ packages: ["git"], files: [{ path: "/etc/x", text: "x\n" }] });
    for (const text of [toolkit(), script]) execFileSync("bash", ["-n"], { input: text });
  });

  it("the firewall opens exactly its ports, some on one interface only", () => {
    const text = ruleset({ open: [22, 443], inside: { docker0: [8081] } });
    assert.match(text, /policy drop;/);
    assert.match(
      text,
      /\n {4}tcp dport \{ 22, 443 \} accept\n {4}iifname "docker0" tcp dport \{ 8081 \} accept\n {2}\}[^]*iifname "docker\*" ip daddr 169\.254\.0\.0\/16 drop/,
    );
    assert.ok(!text.includes("flush ruleset"), "Docker's rules must stay");
  });
});

describe("a guest", () => {
  it("a guest is configured step by step; its own host key is set first, and every later login checks it", async () => {
    const seen = await guest();
    const steps = ["identity", "toolkit", "release", "token", "motd"].map((role) => seen.resource(`hub-${role}`));
    for (const [index, step] of steps.entries()) {
      assert.equal(step.type, index === 0 ? "command:local:Command" : "command:remote:Command");
      const before = index === 0 ? seen.resource("disk") : steps[index - 1];
      assert.ok(step.options.dependsOn?.includes(before?.urn ?? ""), step.name);
      assert.equal(step.options.ignoreChanges, undefined);
    }
    // Secrets are side by side, and what uses them waits for all.
    assert.ok(seen.resource("hub-salt").options.dependsOn?.includes(seen.resource("hub-release").urn));
    assert.ok(seen.resource("hub-motd").options.dependsOn?.includes(seen.resource("hub-salt").urn));
    const connection = (name: string): Record<string, unknown> =>
      (seen.resource(name).inputs.connection as Secret).value as Record<string, unknown>;
    const hostKey = (name: string): unknown => connection(name).hostKey;
    for (const name of ["hub-toolkit", "hub-release", "hub-token", "hub-motd"])
      assert.match(String(hostKey(name)), /^ssh-ed25519 /);
    const { host, user, privateKey } = connection("hub-motd");
    assert.deepEqual([host, user, privateKey], [address, "ptty2u", "deploy key"]);
  });

  it("a guest gets secrets separately from readable files, through standard input and without a log", async () => {
    const seen = await guest();
    const { create, stdin, logging } = seen.resource("hub-token").inputs;
    assert.match(String(create), /secret_file \/etc\/token 0600 root:root$/);
    assert.deepEqual([stdin, logging], [new Secret("very secret"), "none"]);
    assert.equal(seen.resource("hub-identity").inputs.logging, "none");
    assert.match(
      String(seen.resource("hub-motd").inputs.stdin),
      /\nfile \/etc\/motd 0644 root:root <<'END_OF_FILE'\nhello\n/,
    );
  });

  it("a step runs again only for a changed text or a new server", async () => {
    const before = await guest();
    const text = await guest({ text: "good morning\n" });
    const moved = await guest({ address: "192.0.2.8" });
    const rebuilt = await guest({ serverId: "s2" });
    for (const name of ["hub-toolkit", "hub-identity", "hub-token"]) {
      assert.deepEqual(triggers(text, name), triggers(before, name), name);
    }
    assert.notDeepEqual(triggers(text, "hub-motd"), triggers(before, "hub-motd"));
    for (const name of ["hub-toolkit", "hub-identity", "hub-release", "hub-token", "hub-motd"]) {
      assert.deepEqual(triggers(moved, name), triggers(before, name), name);
      assert.equal(triggers(rebuilt, name)[0], "s2", name);
    }
  });

  it("a guest releases its disks before they are detached, and never because a script changed", async () => {
    const [before, after] = [await guest(), await guest({ release: "zpool export tank" })];
    const release = after.resource("hub-release");
    assert.equal(release.inputs.create, "true");
    assert.match(String(release.inputs.delete), /^sudo -n bash -s <<'END_OF_SCRIPT'\n[^]*\nzpool export tank\n/);
    assert.equal(release.options.deleteBeforeReplace, true);
    assert.deepEqual(triggers(before, "hub-release"), ["s1"]);
    assert.deepEqual(triggers(after, "hub-release"), ["s1"]);
  });
});
