/** Files for people who work on the project: owners, templates, editors and Renovate, each held to what is there. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "mocha";
import { parse } from "yaml";
import { parseImage } from "../../config/image.ts";
import { projectFiles } from "../../config/projectFiles.ts";
import { projectDir, stackNames } from "../../config/stackFile.ts";
import { systemNames } from "../../ops/lib/split/systemStacks.ts";
import { stacks } from "./harness.ts";

const read = (file: string): string => readFileSync(path.join(projectDir, file), "utf8");

describe("The owners of code", () => {
  const rows = read(".github/CODEOWNERS")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(/\s+/));

  const isStack = (at = ""): boolean => /^\/Pulumi\.\*-/.test(at);

  it("are a system's team for the stack that `config split` makes of it", () => {
    const teams = new Map(rows.filter(([at]) => isStack(at)).map(([at, team]) => [at, team]));
    assert.deepEqual(
      systemNames.map((system) => teams.get(`/Pulumi.*-${system}.yaml`)),
      // Packit's team has both of its services.
      systemNames.map((system) => `@orrery/${system === "stream" ? "packit" : system}`),
    );
    assert.equal(teams.size, systemNames.length);
  });

  it("are a team for each system, in every folder of it, and one for all the rest", () => {
    for (const system of projectFiles("components/*/index.ts").map((file) => file.split("/")[1] ?? "")) {
      const own = ["components", "contracts", "ops/commands", "ops/lib"].map((folder) => `${folder}/${system}`);
      const there = [...own.filter((folder) => existsSync(path.join(projectDir, folder))), `docs/${system}.md`];
      const owned = rows.filter(([at, team]) => team === `@orrery/${system}` && !isStack(at)).map(([at]) => at);
      assert.deepEqual(
        owned,
        there.map((at) => (at.endsWith(".md") ? `/${at}` : `/${at}/`)),
      );
    }
    assert.deepEqual(rows[0], ["*", "@orrery/maintainers"]);
  });

  it("own only what exists", () => {
    for (const [at = ""] of rows.slice(1).filter(([at]) => !isStack(at)))
      assert.ok(projectFiles(at.replace(/^\//, "").replace(/\/$/, "")).length > 0, at);
  });
});

describe("GitHub's forms", () => {
  const folder = path.join(projectDir, ".github", "ISSUE_TEMPLATE");
  for (const file of readdirSync(folder).filter((name) => name !== "config.yml"))
    it(`${file} has what GitHub wants of a form, and asks for no secret`, () => {
      const form = parse(readFileSync(path.join(folder, file), "utf8")) as {
        name: string;
        description: string;
        body: { type: string; id?: string; attributes: { label?: string; value?: string; options?: string[] } }[];
      };
      assert.ok(form.name !== "" && form.description !== "");
      const fields = form.body.filter(({ type }) => type !== "markdown");
      assert.ok(fields.length > 0);
      assert.equal(new Set(fields.map(({ id }) => id)).size, fields.length);
      for (const { type, id, attributes } of form.body) {
        assert.ok(["markdown", "textarea", "input", "dropdown", "checkboxes"].includes(type));
        if (type === "markdown") assert.ok(attributes.value !== undefined);
        else assert.match(`${id ?? ""}: ${attributes.label ?? ""}`, /^[\w-]+: \S/);
        if (type === "dropdown") assert.equal(new Set(attributes.options).size, attributes.options?.length);
      }
    });
});

describe("Editors", () => {
  it("know the schema of stack files, and of no other file", () => {
    const { "yaml.schemas": schemas } = JSON.parse(read(".vscode/settings.json")) as {
      "yaml.schemas": Record<string, string>;
    };
    const [found] = Object.entries(schemas);
    const [schema, pattern] = found ?? assert.fail("no schema");
    assert.ok(existsSync(path.join(projectDir, schema)));
    assert.deepEqual(
      [...projectFiles(pattern)].sort(),
      stackNames()
        .map((stack) => `Pulumi.${stack}.yaml`)
        .sort(),
    );
  });
});

describe("What the README's, the docs' and CI's first commands write", () => {
  it("is no file of the project, so that check does not judge its format and nobody commits it", () => {
    const pages = ["README.md", ".github/workflows/ci.yml", "docs/releases.md", "docs/review.md", "docs/status.md"];
    const written = pages.flatMap((page) =>
      [
        ...read(page).matchAll(/(?:--map|--page|--pull-request|render .*>|review .*>) ([\w-]+\.(?:html|json|md))\b/g),
      ].map(([, file = ""]) => file),
    );
    for (const file of ["map.html", "render.json", "now.html", "review.md", "request.md"])
      assert.ok(written.includes(file), file);
    const { stdout } = spawnSync("git", ["check-ignore", "--stdin"], {
      ...{ cwd: projectDir, encoding: "utf8", input: written.join("\n") },
    });
    assert.deepEqual(stdout.trim().split("\n"), written);
  });
});

describe("The version", () => {
  it("is the one at the top of the changelog, with -dev until it is released", () => {
    const [, top, open] = /^## (\d+\.\d+\.\d+)(, not released yet)?$/m.exec(read("CHANGELOG.md")) ?? [];
    const wanted = open === undefined ? top : `${top ?? ""}-dev`;
    assert.equal((JSON.parse(read("package.json")) as { version: string }).version, wanted);
    const lock = JSON.parse(read("package-lock.json")) as { version: string; packages: { "": { version: string } } };
    assert.deepEqual([lock.version, lock.packages[""].version], [wanted, wanted]);
  });
});

describe("The development container", () => {
  const container = JSON.parse(read(".devcontainer/devcontainer.json")) as {
    build: { dockerfile: string; context: string };
    mounts: readonly string[];
  };
  const mounts = container.mounts.map((one) =>
    Object.fromEntries(one.split(",").map((pair) => pair.split("=") as [string, string])),
  );

  it("has only properties that the reference of containers.dev knows, for a container that is built", () => {
    const known =
      "name forwardPorts portsAttributes otherPortsAttributes containerEnv remoteEnv remoteUser containerUser updateRemoteUserUID userEnvProbe " +
      "overrideCommand shutdownAction init privileged capAdd securityOpt mounts features overrideFeatureInstallOrder customizations build appPort " +
      "workspaceMount workspaceFolder runArgs initializeCommand onCreateCommand updateContentCommand postCreateCommand postStartCommand " +
      "postAttachCommand waitFor hostRequirements";
    for (const name of Object.keys(container)) assert.ok(known.split(" ").includes(name), name);
    for (const at of [container.build.dockerfile, container.build.context])
      assert.ok(existsSync(path.join(projectDir, ".devcontainer", at)), at);
  });

  it("keeps the cache that the image fills and the lab's data in volumes of their own, as docs/lab.md does by hand", () => {
    const cache = /^ENV ORRERY_CACHE=(\S+)$/m.exec(read("Dockerfile"))?.[1] ?? "";
    assert.deepEqual(
      mounts.map(({ target, type }) => [target, type]),
      [
        [cache, "volume"],
        ["${containerWorkspaceFolder}/.lab", "volume"],
      ],
    );
    // Two containers share what is built once, and no lab.
    assert.match(mounts[0]?.source ?? "", /^[\w-]+$/);
    assert.match(mounts[1]?.source ?? "", /\$\{devcontainerId\}/);
    assert.ok(read("docs/lab.md").includes(`-v orrery-cache:${cache} `));
  });

  it("has a weekly job that builds it with Docker, whose runs no test here sees", () => {
    const { jobs } = parse(read(".github/workflows/long.yml")) as {
      jobs: Readonly<Record<string, { container?: unknown; steps: readonly { run?: string }[] }>>;
    };
    assert.equal(jobs.container?.container, undefined, "Docker is the runner's own");
    const [, image = ""] =
      /docker build --tag (\S+) \.$/m.exec(
        JSON.stringify(jobs.container?.steps.map(({ run }) => run)).replaceAll('"', "\n"),
      ) ?? [];
    assert.ok(
      jobs.container?.steps.some(({ run }) => run?.startsWith("docker run ") === true && run.includes(` ${image} `)),
    );
  });
});

describe("Renovate", () => {
  const { customManagers } = JSON.parse(read(".github/renovate.json")) as {
    customManagers: { managerFilePatterns: [string]; matchStrings: [string] }[];
  };
  const [images, engine] = customManagers.map(({ managerFilePatterns: [at], matchStrings: [text] }) => ({
    file: new RegExp(at.slice(1, -1)),
    match: new RegExp(text, "g"),
  }));

  /** Every text in a value. */
  const texts = (value: unknown): readonly string[] =>
    typeof value === "string" ? [value] : typeof value === "object" ? Object.values(value ?? {}).flatMap(texts) : [];

  it("finds exactly the images of stack files that have a registry and a tag", () => {
    for (const stack of stacks) {
      const file = `Pulumi.${stack}.yaml`;
      assert.match(file, images?.file ?? /^$/);
      const found = [...read(file).matchAll(images?.match ?? /^$/g)].map(({ groups }) => ({ ...groups }));
      const wanted = texts(parse(read(file)))
        .map(parseImage)
        .filter(
          ({ repository, tag }) =>
            tag !== undefined && /^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?\/[a-z0-9._/-]+$/.test(repository),
        )
        .map(({ repository, tag, digest }) => ({ depName: repository, currentValue: tag, currentDigest: digest }));
      assert.deepEqual(found.map((one) => JSON.stringify(one)).sort(), wanted.map((one) => JSON.stringify(one)).sort());
    }
    assert.doesNotMatch("Pulumi.yaml", images?.file ?? /x/);
  });

  it("keeps the digest next to a tag, and takes no URL or port for an image", () => {
    const of = (text: string) => [...text.matchAll(images?.match ?? /^$/g)].map(({ groups }) => ({ ...groups }));
    const digest = `sha256:${"a".repeat(64)}`;
    assert.deepEqual(of(` image: 'quay.io:443/a/b:v1.2@${digest}'`), [
      { depName: "quay.io:443/a/b", currentValue: "v1.2", currentDigest: digest },
    ]);
    assert.deepEqual(of(" url: https://keystone.example.org:5000/v3 "), []);
    assert.deepEqual(of(` image: quay.io/a/b@${digest}`), []);
  });

  it("follows the engine of the workflows", () => {
    assert.match(".pulumi.version", engine?.file ?? /^$/);
    assert.equal(
      [...read(".pulumi.version").matchAll(engine?.match ?? /^$/g)][0]?.groups?.currentValue,
      read(".pulumi.version").trim(),
    );
  });
});
