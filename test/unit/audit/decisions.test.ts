/** Findings 8 and 15: commands that change a stack's file or protections and deploy do all of it or nothing, however they end. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { cases } from "./decision/cases.ts";
import type { FakeWorld } from "./decision/fakeWorld.ts";
import { Project } from "./decision/project.ts";

describe("a command that deploys what it changed", () => {
  let project: Project;
  before(() => {
    project = new Project();
  });
  after(() => {
    project.remove();
  });

  for (const [name, { words, world, edit, changesFile }] of Object.entries(cases)) {
    const start = (more: Partial<FakeWorld> = {}): object => {
      project.reset({ ...world, ...more }, edit);
      return project.snapshot();
    };

    it(`${name}: a "no" and a failing engine leave everything as it was, and the message says so`, async () => {
      for (const course of ["no", "fails"] as const) {
        const was = start({ course });
        const { code, stderr } = await project.run(words);
        assert.equal(code, { no: 8, fails: 4 }[course], stderr);
        assert.deepEqual(project.snapshot(), was);
        assert.match(stderr, /^orrery: [\w -]+ was not carried out: .*Pulumi\.stage\.yaml is as it was/m);
      }
    });

    it(`${name}: after SIGKILL of command and engine the next command says what was open, and undoes it`, async () => {
      const was = start({ course: "killed" });
      assert.equal((await project.run(words)).code, "SIGKILL");
      assert.notDeepEqual(project.snapshot(), was);
      project.set({ course: "works" });
      const { stderr } = await project.next();
      assert.match(
        stderr,
        /^orrery: [\w -]+ of stack stage \(process \d+ .*\) was interrupted: its update may have begun; /m,
      );
      assert.deepEqual(project.snapshot(), was);
    });

    it(`${name}: after SIGKILL at the end of its update the next command finishes it`, async () => {
      start({ course: "killed late" });
      assert.equal((await project.run(words)).code, "SIGKILL");
      const { stderr } = await project.next();
      assert.match(stderr, /was interrupted: its update had succeeded; Pulumi\.stage\.yaml keeps the new settings/);
      const { text, stopped, files } = project.snapshot() as Record<string, unknown>;
      assert.deepEqual([stopped, files], [[], ["Pulumi.stage.yaml", "Pulumi.yaml"]]);
      const was = start() as Record<string, unknown>;
      assert.equal(text === was.text, changesFile === false);
    });
  }
});
