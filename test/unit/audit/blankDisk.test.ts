/** Finding 7: a disk that cannot be read is not blank, and nothing is formatted that has not been shown to be blank twice. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "mocha";
import { toolkit } from "../../../blocks/openstack/guest/script.ts";
import { workVolume } from "../../../components/callysto/guest/workVolume.ts";

const mib = 1024 * 1024;
const dir = mkdtempSync(path.join(tmpdir(), "blankDisk-"));

/** An image of 8 MiB with this text at this offset. */
function image(name: string, text = "", at = 0): string {
  const file = path.join(dir, name);
  writeFileSync(file, Buffer.alloc(8 * mib));
  if (text !== "")
    writeFileSync(file, Buffer.concat([Buffer.alloc(at), Buffer.from(text), Buffer.alloc(8 * mib - at)]));
  truncateSync(file, 8 * mib);
  return file;
}

/** An image that a program has written its own format on. */
function formatted(name: string, program: string, ...words: string[]): string {
  const file = image(name);
  execFileSync(program, [...words, file], {
    stdio: "ignore",
    env: { ...process.env, PATH: "/usr/sbin:/usr/bin:/bin" },
  });
  return file;
}

// Programs that would change this machine say so instead; those that look at a disk are the real ones.
const fakes = `
  change() { echo "changed: $1"; shift; echo "ran: $*"; }
  grep() { case $* in */etc/fstab) return 0 ;; *) command grep "$@" ;; esac; }
  mountpoint() { return 0; }
  modprobe() { return 0; }
  disk() { printf -v "$1" %s "$2"; }
  zpool() { [ "$1" = status ] && echo "$pool_status" || [ "$1" = list ] && [ -n "\${pool_status-}" ]; }
  cryptsetup() { echo "ran: cryptsetup $1" >&2; return 1; }
`;
const failing = (program: string, code: number, words: string): string =>
  `${program}() { echo "${words}" >&2; return ${String(code)}; }`;

interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs commands of the toolkit as they are; `broken` replaces programs. */
function run(commands: string, broken = ""): Said {
  const env = { ...process.env, PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };
  const { status, stdout, stderr } = spawnSync("bash", ["-s"], {
    input: `${toolkit()}\n${fakes}\n${broken}\n${commands}\n`,
    ...{ encoding: "utf8", env },
  });
  return { code: status, stdout: stdout.trim(), stderr: stderr.trim() };
}

const isBlank = (file: string, broken = ""): Said =>
  run(`if blank ${file}; then echo blank; else echo used; fi`, broken);

describe("a disk is formatted only if it is shown to be blank", () => {
  after(() => {
    rmSync(dir, { recursive: true });
  });

  it("a disk of zeros is blank, whatever its size", () => {
    for (const size of [8 * mib, 1.5 * mib, mib, 512 * 1024]) {
      const file = image("zeros");
      truncateSync(file, size);
      assert.deepEqual(isBlank(file), { code: 0, stdout: "blank", stderr: "" }, String(size));
    }
  });

  it("a disk with a file system, with swap, or with bytes that nobody recognises at either end is not blank", () => {
    const used = [
      formatted("ext4", "mkfs.ext4", "-q"),
      formatted("swap", "mkswap"),
      image("begin", "x", 4096),
      image("end", "x", 8 * mib - 1),
    ];
    for (const file of used) assert.deepEqual(isBlank(file), { code: 0, stdout: "used", stderr: "" }, file);
  });

  it("one witness alone does not make a disk blank", () => {
    const ext4 = formatted("one-witness", "mkfs.ext4", "-q");
    assert.equal(isBlank(ext4, "wipefs() { :; }").stdout, "used");
    assert.equal(isBlank(ext4, "wipefs() { :; }; blkid() { return 2; }").stdout, "used");
    assert.equal(isBlank(ext4, "wipefs() { :; }; cmp() { :; }").stdout, "used");
  });

  it("a disk that cannot be read ends the script with an error that names the disk", () => {
    const ext4 = formatted("unreadable", "mkfs.ext4", "-q");
    const zeros = image("unreadable-zeros");
    const gone = path.join(dir, "gone");
    const ioError = "Input/output error";
    for (const [file, broken] of [
      [gone, ""],
      [gone, "wipefs() { :; }"],
      [gone, "wipefs() { :; }; blkid() { return 2; }"],
      [ext4, failing("wipefs", 1, ioError)],
      [zeros, failing("wipefs", 1, ioError)],
      [zeros, failing("blkid", 2, ioError)],
      [zeros, failing("cmp", 2, ioError)],
    ] as const) {
      const { code, stdout, stderr } = isBlank(file, broken);
      assert.deepEqual([code, stdout], [1, ""], broken);
      assert.match(stderr, new RegExp(`error: ${file} cannot be read, so nothing is written to it \\(`), broken);
    }
  });

  it("a file system is made on a blank disk only, and an existing one is used", () => {
    const make = (file: string, broken = ""): Said => run(`filesystem ${file} ext4 docker /srv`, broken);
    const blank = image("make");
    assert.equal(make(blank).stdout, `changed: ext4 on ${blank}\nran: mkfs.ext4 -q -L docker ${blank}`);
    const ext4 = formatted("keep", "mkfs.ext4", "-q");
    assert.deepEqual(make(ext4), { code: 0, stdout: "", stderr: "" });
    for (const [file, broken, message] of [
      [
        ext4,
        failing("blkid", 8, "ambivalent"),
        "cannot be identified, so it is left as it is: blkid ended with 8: ambivalent",
      ],
      [ext4, failing("blkid", 2, "Input/output error"), "holds something that is no file system"],
      [ext4, `${failing("blkid", 2, "x")}; ${failing("wipefs", 1, "Input/output error")}`, "cannot be read"],
      [formatted("swapped", "mkswap"), "", "holds swap, not ext4; it is left as it is"],
      [image("bytes", "thesis"), "", "data that neither wipefs nor blkid recognises"],
    ] as const) {
      const { code, stdout, stderr } = make(file, broken);
      assert.deepEqual([code, stdout], [1, ""], message);
      assert.ok(stderr.startsWith(`error: ${file} `) && stderr.includes(message), stderr);
    }
  });

  it("a pool is made on two blank disks only, and a half is replaced by a blank disk only", () => {
    const [one, two] = [image("pool-1"), image("pool-2")];
    assert.equal(run(`mirror tank ${one} ${two}`).stdout, `changed: pool tank made\nran: make_pool tank ${one} ${two}`);
    const unreadable = run(`mirror tank ${one} ${two}`, failing("wipefs", 1, "Input/output error"));
    assert.deepEqual([unreadable.code, unreadable.stdout], [1, ""]);
    assert.match(
      unreadable.stderr,
      /pool-1 cannot be read, so nothing is written to it \(wipefs: Input\/output error\)/,
    );
    const replace = (broken: string): Said =>
      run(`mirror tank ${one} ${two}`, `pool_status=$(printf '%s\\n' ${one} /dev/gone); ${broken}`);
    assert.match(
      replace("").stdout,
      /copies itself to volume .*pool-2\nran: zpool replace tank \/dev\/gone .*pool-2$/m,
    );
    const broken = replace(failing("wipefs", 1, "Input/output error"));
    assert.deepEqual([broken.code, broken.stdout], [1, ""]);
    assert.match(broken.stderr, /pool-2 cannot be read/);
  });

  it("the work volume is encrypted only where it is blank, and says that it cannot be read", () => {
    const script = (file: string): string =>
      (workVolume(file).files?.[0]?.text ?? "").replace(/^\. .*converge\.sh$/m, "").replace(/^#!.*$/m, "");
    const command = (verb: string, file: string, broken = ""): Said =>
      run(
        `mountpoint() { return 1; }; set -- ${verb}\n${script(file)}`.replace(
          "read -r phrase",
          'phrase="correct horse battery"',
        ),
        broken,
      );
    const blank = image("luks");
    assert.match(command("format", blank).stderr, /^ran: cryptsetup luksFormat$/m);
    assert.equal(command("status", blank).stdout, "blank");
    const ioError = failing("wipefs", 1, "Input/output error");
    for (const verb of ["format", "status"]) {
      const { code, stdout, stderr } = command(verb, blank, ioError);
      assert.deepEqual([code, stdout], [1, ""], verb);
      assert.match(stderr, /luks cannot be read, so nothing is written to it/);
      assert.doesNotMatch(stderr, /luksFormat/);
    }
    assert.match(command("format", image("luks-bytes", "x")).stderr, /the volume holds something already/);
  });

  it("looking at a disk changes nothing on it", () => {
    const file = formatted("same", "mkfs.ext4", "-q");
    const before = readFileSync(file);
    isBlank(file);
    assert.ok(before.equals(readFileSync(file)));
    assert.equal(statSync(file).size, 8 * mib);
  });
});
