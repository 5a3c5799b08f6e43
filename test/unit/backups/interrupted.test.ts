/** Commands of backups that are ended while restic works: nothing that they restored or prepared stays on the machine. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, describe, it } from "mocha";
import { samplePassphrase } from "../../../config/samples.ts";
import { projectDir } from "../../../config/stackFile.ts";

/** Stands in for restic: it never comes to an end with the data, and says how it was ended. */
const restic = `#!/bin/sh
hang() { trap 'echo INT >"$SEEN/ended"; exit 130' INT; touch "$SEEN/works"; while :; do sleep 0.05; done; }
case "$*" in
  *snapshots*) echo '[{"id":"0123456789","time":"2026-01-01T00:00:00Z"}]' ;;
  *check*) [ "$HANGS" != check ] || hang ;;
  *restore*) for word; do folder=$word; done; echo restored >"$folder/state.json"; hang ;;
  *backup*) ls >"$SEEN/saved"; hang ;;
esac
`;

/** Stands in for the CLI: it is asked only for the backend. */
const pulumi = `#!/bin/sh
echo "{\\"url\\": \\"$PULUMI_BACKEND_URL\\"}"
`;

describe("a command of backups that is ended", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "interrupted-"));
  const [bin, seen, scratch, backend] = ["bin", "seen", "scratch", "backend"].map((name) => path.join(dir, name)) as [
    string,
    string,
    string,
    string,
  ];

  before(() => {
    // Where npm's launcher keeps the CLI.
    const cli = path.join(dir, ".pulumi", "versions", "test", "bin");
    for (const folder of [bin, cli, seen, scratch, path.join(backend, ".pulumi", "stacks", "orrery")])
      mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(bin, "restic"), restic, { mode: 0o755 });
    writeFileSync(path.join(cli, "pulumi"), pulumi, { mode: 0o755 });
    const deployment = { manifest: {}, resources: [] };
    const state = { version: 3, checkpoint: { stack: "organization/orrery/test", latest: deployment } };
    writeFileSync(path.join(backend, ".pulumi", "meta.yaml"), "version: 1\n");
    writeFileSync(path.join(backend, ".pulumi", "stacks", "orrery", "test.json"), JSON.stringify(state));
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  const drill = ["drill", "--only", "stack/state"];
  for (const [stage, words] of [
    ["check", drill],
    ["restore", drill],
    ["backup", ["backup"]],
  ] as const)
    for (const signal of ["SIGTERM", "SIGINT"] as const)
      it(`${words[0]} leaves nothing on ${signal} during restic ${stage}`, async () => {
        for (const name of readdirSync(seen)) rmSync(path.join(seen, name));
        const env = {
          ...{ PATH: `${bin}:${process.env.PATH ?? ""}`, HOME: dir, TMPDIR: scratch, SEEN: seen, HANGS: stage },
          ...{
            PULUMI_BACKEND_URL: `file://${backend}`,
            PULUMI_VERSION: "test",
            PULUMI_CONFIG_PASSPHRASE: samplePassphrase("test"),
          },
          ...{ RESTIC_REPOSITORY: "s3:https://s3.example.org/backups/state", RESTIC_PASSWORD: "password" },
        };
        const child = spawn(process.execPath, ["orrery.mjs", ...words, "--stack", "test"], { cwd: projectDir, env });
        let text = "";
        for (const stream of [child.stdout, child.stderr])
          stream.on("data", (bytes: Buffer) => (text += bytes.toString()));
        const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
        while (!existsSync(path.join(seen, "works")) && child.exitCode === null) await sleep(20);
        assert.equal(child.exitCode, null, text);
        assert.equal(readdirSync(scratch).length, stage === "check" ? 0 : 1);
        child.kill(signal);
        assert.equal(await ended, signal === "SIGINT" ? 130 : 143, text);
        assert.match(text, new RegExp(`^orrery: ended by ${signal}; its temporary files are removed$`, "m"));
        assert.deepEqual(readdirSync(scratch), []);
        if (words[0] === "backup") {
          assert.match(readFileSync(path.join(seen, "saved"), "utf8"), /^Pulumi\.test\.yaml$/m);
          assert.equal(readFileSync(path.join(seen, "ended"), "utf8"), "INT\n", "restic gives up its lock");
        }
      });
});
