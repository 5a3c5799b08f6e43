/** Finding 18: the review's comment says what main's code found in a stranger's renders, and nothing in the stranger's words. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { projectDir } from "../../../config/stackFile.ts";
import type { Checkout } from "../../../review/checkout.ts";
import { compareCommits } from "../../../review/compareCommits.ts";
import type { Rendered } from "../../../review/evaluate/render.ts";
import { compareRecorded, recordRenders } from "../../../review/renders.ts";
import { deployment, resource } from "../review/fixture.ts";

interface Head {
  readonly urns: readonly string[];
  readonly resources: readonly Rendered[];
}

describe("the report on a stranger's renders", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "renders-"));
  after(() => {
    rmSync(dir, { recursive: true });
  });

  /** What `orrery review --from` says about a file. */
  function said(content: unknown): { readonly code: number; readonly text: string; readonly page: string } {
    const [file, page] = [path.join(dir, "renders.json"), path.join(dir, "review.html")];
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
    rmSync(page, { force: true });
    const args = ["cli/orrery.ts", "review", "--from", file, "--page", page];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: projectDir, encoding: "utf8" });
    return { code: status ?? 1, text: stdout + stderr, page: status === 0 ? readFileSync(page, "utf8") : "" };
  }

  const renders = (base: readonly Rendered[], ...heads: readonly Head[]): unknown => ({
    ...{ base: "0123456789", head: "abcdefabcd" },
    stacks: [{ stack: "prod", secrets: [], moved: [], base, heads }],
  });
  const first = (...resources: readonly Rendered[]): Head => ({ urns: [], resources });

  const hostile = [
    "x @kubernetes/admins",
    "",
    "/lgtm",
    "  /approve",
    "\r/hold\u2028/retest",
    "```",
    "</details>",
    "## Nothing in any stack",
    "[all is well](https://evil.example) https://evil.example www.evil.example #1",
  ].join("\n");

  describe("with words for people and bots in every place", () => {
    let report: ReturnType<typeof said>;
    before(() => {
      const role = resource("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding", "b", {
        metadata: { name: hostile, namespace: hostile },
        roleRef: { kind: "Role", name: hostile },
        subjects: [{ kind: "User", name: hostile }],
        [hostile]: hostile,
      });
      report = said(renders([deployment("web:1")], first(deployment(hostile), role)));
      assert.equal(report.code, 0, report.text);
    });

    it("mentions nobody: a zero-width space follows every @", () => {
      assert.match(report.text, /@\u200bkubernetes/);
      assert.doesNotMatch(report.text, /@(?!\u200b)|&#64;/);
    });

    it("commands no bot: no line begins with a slash", () => {
      assert.doesNotMatch(report.text, /(^|[\n\r\u0085\u2028\u2029])\W*(?<!\u200b)\/(?!\/|details|summary|sub)\w/);
    });

    it("is no markup: what is outside of code blocks has no heading, link or HTML of theirs", () => {
      const outside = report.text.replaceAll(/^(`{3,})diff\n[^]*?^\1$/gm, "").replaceAll(/`[^`\n]*`/g, "");
      assert.deepEqual(outside.match(/^#.*$/gm), ["## What this changes", "### :no_entry: Check before merging"]);
      assert.doesNotMatch(outside, /\]\(|https:\/\/|www\.|#\d/);
      assert.equal(outside.match(/<\/details>/g)?.length, outside.match(/<details>/g)?.length);
    });
  });

  it("is main's own comparison: what the file says beyond renders is not read", () => {
    const file = renders([deployment("web:1")], first(deployment("web:2"))) as object;
    const { text, page } = said({ ...file, changes: [], markdown: "Nothing in any stack" });
    assert.match(text, /^1 to update; :no_entry: \*\*1 to check/m);
    assert.match(text, /0123456789 with the program at abcdefabcd/);
    assert.match(page, /web:2/);
  });

  it("follows replacements with the renders that are there, and says when one is missing", () => {
    const claim = (storageClassName: string): Rendered =>
      resource("kubernetes:core/v1:PersistentVolumeClaim", "data", { spec: { storageClassName } });
    const start = first(claim("ssd"), deployment("web:1"));
    const again = { urns: [claim("ssd").urn], resources: [claim("ssd"), deployment("web:9")] };
    assert.match(
      said(renders([claim("hdd"), deployment("web:1")], start, again)).text,
      /1 to replace\*\*, 1 to update/,
    );
    const { text } = said(renders([claim("hdd"), deployment("web:1")], start));
    assert.match(text, /\*\*1 to replace\*\*;/);
    assert.match(text, /^> prod: what follows from replacements is not shown/m);
  });

  it("is the same as a review of the two commits by the code that is here", async () => {
    // A checkout whose own code prints resources; a secret and a replaced resource make others known later.
    const checkout = (name: string, size: string): Checkout => {
      const folder = path.join(dir, name);
      const salt = "v1:bvD9f6Wy8Nc=:v1:KZP98aYJw2xKMWzR:YA+0MAMVcsSwxe8ELWzCxI0AR2s6dQ==";
      mkdirSync(path.join(folder, "review"), { recursive: true });
      writeFileSync(
        path.join(folder, "Pulumi.prod.yaml"),
        `encryptionsalt: ${salt}\nconfig:\n  a:b:\n    secure: v1:${name}\n`,
      );
      const claim = resource("kubernetes:core/v1:PersistentVolumeClaim", "data", { spec: { storageClassName: size } });
      writeFileSync(
        path.join(folder, "review", "cli.ts"),
        `import { readFileSync } from "node:fs";
        const { urns, secrets } = JSON.parse(readFileSync(process.argv.at(-1) ?? "", "utf8"));
        const image = \`web:\${urns.length}\${secrets}\`;
        console.log(JSON.stringify([${JSON.stringify(claim)}, ${JSON.stringify(deployment("IMAGE"))}]).replace("IMAGE", image));`,
      );
      return { name, folder, close: () => Promise.resolve() };
    };
    const [base, head] = [checkout("0123456789", "hdd"), checkout("abcdefabcd", "ssd")];
    const direct = await compareCommits(base, head);
    writeFileSync(path.join(dir, "made.json"), await recordRenders(base, head));
    const { stacks, notes } = await compareRecorded(path.join(dir, "made.json"));
    assert.deepEqual(stacks, direct);
    assert.deepEqual(notes, []);
    const operations = direct.flatMap(({ changes }) => changes.map(({ operation }) => operation));
    assert.deepEqual(operations, ["update", "replace"]);
    assert.match(JSON.stringify(direct), /web:1a:b/);
  });

  it("is posted by a script that needs no package, as its job installs none", () => {
    cpSync(path.join(projectDir, "ci"), path.join(dir, "ci"), { recursive: true });
    const { stderr } = spawnSync(process.execPath, [path.join(dir, "ci", "comment.ts")], { encoding: "utf8" });
    assert.equal(stderr, "comment: Usage: node ci/run.mjs comment FOLDER\n");
  });

  it("refuses what is no renders in one line, without a word of it", () => {
    const looped = { ...deployment("web:1"), parent: deployment("web:1").urn };
    const cases: readonly unknown[] = [
      "",
      "@everyone",
      [],
      { "@everyone": 1 },
      { base: "@everyone", head: "abcdefabcd", stacks: [] },
      {
        base: "0123456789",
        head: "abcdefabcd",
        stacks: [{ stack: "@everyone", secrets: [], moved: [], base: [], heads: [] }],
      },
      renders([{ ...deployment("web:1"), inputs: "@everyone" }], first()),
      renders([{ ...deployment("web:1"), options: { aliases: ["@everyone"] } }], first()),
      renders([looped], first()),
    ];
    for (const content of cases) {
      const { code, text } = said(content);
      assert.equal(code, 1, JSON.stringify(content));
      assert.match(text, /does not hold renders of `orrery review --renders`: wrong at [\w., ?]+\n$/);
    }
  });
});
