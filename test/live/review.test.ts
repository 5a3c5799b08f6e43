/** `npm run review` as one calls it, on commits of this repository, and the rules it reads against the plugins' own. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { put } from "../../config/stackEdit.ts";
import { projectDir, stackPath } from "../../config/stackFile.ts";
import { ensureToolchain } from "../../lab/toolchain/toolchain.ts";

describe("npm run review", () => {
  let dir: string;
  before(() => {
    dir = mkdtempSync(path.join(tmpdir(), "orrery-review-"));
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  const git = (args: readonly string[], env: NodeJS.ProcessEnv = {}): string =>
    execFileSync("git", [...args], { cwd: projectDir, encoding: "utf8", env: { ...process.env, ...env } }).trim();

  /** A commit on top of HEAD in which one file is another; no branch and no file of the working tree changes. */
  function commitWith(file: string, content: string): string {
    const author = { GIT_AUTHOR_NAME: "test", GIT_AUTHOR_EMAIL: "test@sample.invalid" };
    const env = {
      ...author,
      GIT_INDEX_FILE: path.join(dir, "index"),
      GIT_COMMITTER_NAME: author.GIT_AUTHOR_NAME,
      GIT_COMMITTER_EMAIL: author.GIT_AUTHOR_EMAIL,
    };
    writeFileSync(path.join(dir, "content"), content);
    git(["read-tree", "HEAD"], env);
    const blob = git(["hash-object", "-w", path.join(dir, "content")]);
    git(["update-index", "--cacheinfo", `100644,${blob},${file}`], env);
    return git(["commit-tree", git(["write-tree"], env), "-p", "HEAD", "-m", "a change for a test"], env);
  }

  function review(...args: readonly string[]): { code: number | null; stdout: string; stderr: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["cli/orrery.ts", "review", ...args], {
      cwd: projectDir,
      encoding: "utf8",
    });
    return { code: status, stdout, stderr };
  }

  it("review shows what a commit changes, from its own worktrees, and leaves none behind", () => {
    const file = readFileSync(stackPath("prod"), "utf8");
    const changed = commitWith(
      "Pulumi.prod.yaml",
      put(file, ["config", "dials:settings", "eos", "storageClass"], "another"),
    );
    const trees = git(["worktree", "list"]);
    const sheet = path.join(dir, "review.html");
    const { code, stdout, stderr } = review("HEAD", changed, "--page", sheet);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^\*\*1 to replace\*\*; :no_entry: \*\*1 to check before merging\*\*$/m);
    assert.match(stdout, /^\| prod \| dials \| 1 \|/m);
    assert.match(stdout, /spec\.storageClassName \(forces replacement\):\n- eos\n\+ another/);
    assert.match(stdout, /^Nothing changes in .*stage, test\.$/m);
    assert.equal(git(["worktree", "list"]), trees);
    const page = readFileSync(sheet, "utf8");
    assert.match(
      page,
      /"operation":"replace","risks":\["replaces a resource that holds data, because of spec.storageClassName/,
    );
    assert.doesNotMatch(page, /<(script|link|img)[^>]*(src|href)=/, "the page would ask for something");
  });

  it("review reports unusable commits, and a stack that does not render", () => {
    const unknown = review("no-such-commit");
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /^orrery: there is no commit "no-such-commit"; in a shallow clone, fetch it first/);
    assert.match(review().stderr, /^orrery: BASE is missing: name one or two commits/);
    const file = readFileSync(stackPath("prod"), "utf8");
    const broken = commitWith(
      "Pulumi.prod.yaml",
      put(file, ["config", "dials:settings", "defaultWorkspace"], "missing"),
    );
    const refused = review("HEAD", broken);
    assert.equal(refused.code, 1);
    assert.equal(refused.stdout, "");
    assert.match(refused.stderr, /^orrery: stack prod does not render at [0-9a-f]{10}: .*defaultWorkspace/s);
    assert.doesNotMatch(refused.stderr, /^ {4}at /m);
  });
});

describe("rules about immutable fields", () => {
  interface Property {
    readonly willReplaceOnChanges?: boolean;
    readonly $ref?: string;
    readonly items?: { readonly $ref?: string };
  }
  interface Schema {
    readonly resources: Readonly<Record<string, { readonly inputProperties: Readonly<Record<string, Property>> }>>;
    readonly types: Readonly<Record<string, { readonly properties?: Readonly<Record<string, Property>> }>>;
  }

  it("OpenStack's immutable fields are those of the plugin's schema", async function () {
    const { share } = await ensureToolchain(() => undefined);
    const file = path.join(share, "schema", "openstack.json");
    // Where the plugins were downloaded their schemas were not.
    if (!existsSync(file)) this.skip();
    const schema = JSON.parse(readFileSync(file, "utf8")) as Schema;
    const forcing = (properties: Readonly<Record<string, Property>>, prefix = ""): string[] =>
      Object.entries(properties)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([name, { willReplaceOnChanges, $ref, items }]) => {
          if (willReplaceOnChanges === true) return [`${prefix}${name}`];
          const type = ($ref ?? items?.$ref)?.replace("#/types/", "");
          const inner = type === undefined ? undefined : schema.types[type]?.properties;
          return inner === undefined ? [] : forcing(inner, `${prefix}${name}${items === undefined ? "" : "[*]"}.`);
        });
    const rules = JSON.parse(
      readFileSync(path.join(projectDir, "review", "diff", "openstack.json"), "utf8"),
    ) as unknown;
    const own = Object.entries(schema.resources).map(([type, { inputProperties }]) => [type, forcing(inputProperties)]);
    assert.deepEqual(rules, Object.fromEntries(own));
  });
});
