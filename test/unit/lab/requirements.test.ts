/** A machine that really lacks what nodes are made of: a process without a capability cannot make network links. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { projectDir } from "../../../config/stackFile.ts";

/** Where a program is, or an empty text. */
const whereIs = (program: string): string =>
  spawnSync("sh", ["-c", 'command -v "$1"', "sh", program], { encoding: "utf8" }).stdout.trim();

const withoutLinks = ["--bounding-set=-net_admin", "--inh-caps=-net_admin"];
const lacks = `orrery: the lab's nodes cannot run containers on this machine, which lacks
  veth (CONFIG_VETH)
  bridges (CONFIG_BRIDGE)
  nftables with NAT, connection tracking and fib (CONFIG_NF_TABLES, CONFIG_NFT_NAT, CONFIG_NFT_CT, CONFIG_NFT_FIB_INET)
--fake-nodes simulates them: npm start -- --fake-nodes
`;

describe("a lab on a machine that cannot make network links", () => {
  let folder: string;
  /** `lab up` without the capability. @returns its end, and whether it made something */
  const up = (PATH = process.env.PATH): { status: number | null; stderr: string; made: boolean } => {
    const [lab, cache] = [path.join(folder, "lab"), path.join(folder, "cache")];
    const args = [...withoutLinks, process.execPath, "cli/orrery.ts", "lab", "up"];
    const env = { PATH, ORRERY_LAB: lab, ORRERY_CACHE: cache, ORRERY_PORTS: "31600" };
    const { status, stderr } = spawnSync(whereIs("setpriv"), args, { cwd: projectDir, encoding: "utf8", env });
    return { status, stderr, made: existsSync(lab) || existsSync(cache) };
  };

  beforeEach(function () {
    if (process.getuid?.() !== 0) this.skip(); // only root has the capability to lose
    if (["setpriv", "ip", "nft"].some((program) => whereIs(program) === "")) this.skip();
    folder = mkdtempSync(path.join(tmpdir(), "orrery-requirements-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("names every feature before anything is installed or made", () => {
    assert.deepEqual(up(), { status: 1, stderr: lacks, made: false });
  });

  it("names them first where the programs that try them out are not installed yet", () => {
    const programs = path.join(folder, "programs");
    mkdirSync(programs);
    for (const program of ["sh", "unshare", "mount", "mkdir", "true"])
      symlinkSync(`/bin/${program}`, path.join(programs, program));
    const write = (name: string, script: string): void => {
      writeFileSync(path.join(programs, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    };
    // Debian as it is before and after the installation of the two packages, which nothing installs here.
    const present = `[ -e ${path.join(programs, "ip")} ]`;
    write(
      "dpkg-query",
      `shift 3; for one; do case $one in iproute2|nftables) ${present} || continue ;; esac; echo "installed $one 1"; done`,
    );
    const links = ["ip", "nft"].map((name) => `/bin/ln -s ${whereIs(name)} ${path.join(programs, name)}`);
    write("flock", links.join(" && "));
    const { status, stderr, made } = up(programs);
    const installed = "installing 2 Debian packages and their dependencies";
    assert.equal(stderr.replace(/^ *[\d.]+ s {2}/, ""), `${installed}\n${lacks}`);
    assert.deepEqual([status, made], [1, false]);
  });
});
