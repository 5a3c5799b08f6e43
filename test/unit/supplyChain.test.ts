/** Everything that is built or installed is pinned: a registry cannot serve something else tomorrow. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "mocha";
import { projectFiles } from "../../config/projectFiles.ts";
import { projectDir } from "../../config/stackFile.ts";

const read = (file: string): string => readFileSync(path.join(projectDir, file), "utf8");

interface Package {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
}

describe("the supply chain", () => {
  it("package.json names an exact version of each package", () => {
    const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<string, object>;
    const versions = Object.entries({ ...dependencies, ...devDependencies });
    assert.ok(versions.length > 15);
    for (const [name, version] of versions) assert.match(String(version), /^\d+\.\d+\.\d+$/, name);
  });

  it("the lock file agrees with package.json, so that npm ci accepts it", () => {
    const wanted = JSON.parse(read("package.json")) as Record<string, object>;
    const { packages } = JSON.parse(read("package-lock.json")) as { packages: Record<string, Record<string, object>> };
    assert.deepEqual(packages[""]?.dependencies, wanted.dependencies);
    assert.deepEqual(packages[""]?.devDependencies, wanted.devDependencies);
    // npm ci refuses a lock file that lacks an optional package.
    const missing = Object.values(packages).flatMap(({ optionalDependencies }) =>
      Object.keys(optionalDependencies ?? {}).filter((name) =>
        Object.keys(packages).every((at) => !at.endsWith(`node_modules/${name}`)),
      ),
    );
    assert.deepEqual(missing, []);
  });

  it("Stryker's runner loads with this mocha, whose inner files it reads", async () => {
    const runner = (await import("@stryker-mutator/mocha-runner")) as { readonly strykerPlugins: readonly object[] };
    assert.ok(runner.strykerPlugins.length > 0);
  });

  it("every package in the lock file has its SHA-512, and no URL of a registry", () => {
    const packagesOf = (file: string): readonly [string, Package][] => {
      const { packages } = JSON.parse(read(file)) as { packages: Record<string, Package> };
      const [root, ...all] = Object.entries(packages);
      assert.equal(root?.[0], "");
      return all;
    };
    const all = packagesOf("package-lock.json");
    assert.ok(all.length > 200);
    for (const [name, { resolved, integrity }] of [...all, ...packagesOf("lab/ownNode/package-lock.json")]) {
      assert.equal(resolved, undefined, name);
      assert.match(integrity ?? "", /^sha512-/, name);
    }
  });

  it("Go programs are built with checksums of all modules", () => {
    // A shim replaces a module of its parent, which has the checksums.
    const modules = projectFiles("lab/**/go.mod").filter((file) => !file.includes("/shims/"));
    assert.ok(modules.length > 5, modules.join());
    for (const file of modules) {
      assert.ok(existsSync(path.join(projectDir, path.dirname(file), "go.sum")), `${file} has no go.sum`);
      assert.doesNotMatch(read(file), /\b(latest|main|master)$/m);
    }
  });

  it("hubs install packages by lock files with checksums, and run none of their scripts", () => {
    const at = "components/callysto/guest/locks/";
    const lines = read(`${at}requirements.txt`)
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    assert.ok(lines.length > 50);
    for (const line of lines) assert.match(line, /^[a-z0-9-]+==[\w.]+ --hash=sha256:[0-9a-f]{64}$/);
    for (const wanted of read(`${at}requirements.in`).trim().split("\n")) {
      assert.ok(
        lines.some((line) => line.startsWith(`${wanted} `)),
        `${wanted} is not locked: npm run lock:guests`,
      );
    }
    const manifest = JSON.parse(read(`${at}package.json`)) as { dependencies: Record<string, string> };
    const { packages } = JSON.parse(read(`${at}package-lock.json`)) as {
      packages: Record<string, Package & { version?: string }>;
    };
    for (const [name, version] of Object.entries(manifest.dependencies)) {
      assert.equal(packages[`node_modules/${name}`]?.version, version, "npm run lock:guests");
    }
    for (const [name, { resolved, integrity }] of Object.entries(packages)) {
      if (name === "") continue;
      assert.equal(resolved, undefined, name);
      assert.match(integrity ?? "", /^sha512-/, name);
    }
    const shell = read("blocks/openstack/guest/converge.sh");
    const installs = shell.split("\n").filter((line) => /\b(npm|pip") (ci|install)\b/.test(line));
    assert.equal(installs.length, 2);
    assert.match(
      installs.join("\n"),
      /pip" install .*--only-binary :all: --require-hashes -r[^]*npm ci .*--ignore-scripts/,
    );
  });

  it("Python packages have exact versions", () => {
    const files = projectFiles([
      "components/callysto/guest/software.ts",
      "lab/machines/image.ts",
      "lab/harness/*.ts",
      "test/live/**/*.ts",
    ]);
    const loose = files.flatMap((file) =>
      [...read(file).matchAll(/"([A-Za-z][\w.-]*)(>=|~=|<=|>|<)\d[\w.]*"/g)].map(([found]) => `${file}: ${found}`),
    );
    assert.deepEqual(loose, []);
    assert.ok(files.some((file) => /"jupyterhub==\d/.test(read(file))));
  });
});
