/** Builds images from recipes and contracts, once per machine, as OCI image layouts in the cache. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Log } from "../component.ts";
import { lock } from "../lock.ts";
import { allEnded, runToFile } from "../process.ts";
import { installPackages } from "../openstack/packages.ts";
import { roomFor } from "../room.ts";
import { cacheDir } from "../settings.ts";
import { type NodePrograms, nodePrograms } from "../toolchain/nodePrograms.ts";
import { ensureTools, toolFolder, type ToolName } from "../tools/tools.ts";
import { type Answer, answers, namesOf, recipes } from "./catalogue.ts";
import { LayoutWriter, readLayers } from "./layout.ts";
import { type Recipe, standInBase } from "./recipes.ts";
import { compilePython, copyJars, installPython, unpack, unpackMaven, unpackNpm } from "./scripts.ts";
import { addStandIn, contractFile, standInContract, standInRevision } from "./standIns.ts";

/** Raise it when the steps below change. */
const revision = 4;

/** GB that the largest image takes while it is built: its packages, their files, the archive of those and the layer. */
const roomNeeded = 2;

/** Images that are built at once: most steps of one take a single processor. */
const sideBySide = 2;

/** GB that are left at most where a program has ended because the disk is full. */
const leftWhenFull = 0.1;

/** An image layout in the cache. */
interface Layout {
  readonly name: string;
  readonly folder: string;
  /** Finished layouts that it is made of. */
  readonly of?: readonly string[];
  /** Fills the layout. @param work - an empty folder @param log - for the output of commands */
  readonly fill: (layout: LayoutWriter, work: string, log: string) => Promise<void>;
}

/** Folders of the finished layouts, whether they exist or not. */
export function imageFolders(): string[] {
  return layouts(nodePrograms()).map(({ folder }) => folder);
}

/**
 * Builds the missing images, one checkout at a time.
 * @throws naming the image that cannot be built, and its log, or the folder that has no room for it
 */
export async function ensureImages(programs: NodePrograms, log: Log): Promise<void> {
  await ensureLayouts(layouts(programs), ["prow", "prowOwn", "deckPages"], log);
}

/** Builds images that only tests or demonstrations have a use for. @returns their folders @throws as {@link ensureImages} does */
export async function ensureForeignImages(foreign: readonly Recipe[], log: Log): Promise<readonly string[]> {
  const takesPlaces = foreign.some(({ images = [] }) => images.length > 0);
  const known = nodePrograms();
  const wanted = recipeLayouts(foreign, known, takesPlaces ? answers(undefined, foreign) : []);
  const named = foreign.flatMap(({ programs = {} }) => Object.values(programs).map(([artifact]) => artifact));
  const tools = named.filter((artifact): artifact is ToolName => !(artifact in known));
  if (wanted.some(({ folder }) => !existsSync(folder)))
    await installPackages([...new Set(foreign.flatMap(({ builds = [] }) => builds))], () => undefined);
  await ensureLayouts(wanted, tools, log);
  return wanted.map(({ folder }) => folder);
}

async function ensureLayouts(wanted: readonly Layout[], tools: readonly ToolName[], log: Log): Promise<void> {
  const missing = (): Layout[] => wanted.filter(({ folder }) => !existsSync(folder));
  if (missing().length === 0) return;
  const busy = "another checkout is building container images";
  const release = await lock(path.join(cacheDir, "images.lock"), log, busy);
  try {
    const todo = missing(); // another checkout may have built them meanwhile
    const [first] = todo;
    if (first === undefined) return;
    assertRoom(first);
    await ensureTools(log, tools);
    log(`container images: building ${todo.length}, about ${Math.ceil(todo.length / 6)} min`);
    let finished = 0;
    const one = async (layout: Layout): Promise<void> => {
      await build(layout);
      log(`container images: ${++finished} of ${todo.length} (${layout.name})`);
    };
    const made = new Set(todo.map(({ folder }) => folder));
    const needsOthers = ({ of = [] }: Layout): boolean => of.some((folder) => made.has(folder));
    await together(
      todo.filter((layout) => !needsOthers(layout)),
      one,
    );
    await together(todo.filter(needsOthers), one);
  } finally {
    await release();
  }
}

/** Builds some at once; after an error those that are under way are finished, and no other is begun. */
async function together(todo: readonly Layout[], build: (layout: Layout) => Promise<void>): Promise<void> {
  const queue = [...todo];
  const next = async (): Promise<void> => {
    for (let layout = queue.shift(); layout !== undefined; layout = queue.shift()) {
      try {
        await build(layout);
      } catch (error) {
        queue.length = 0;
        throw error;
      }
    }
  };
  await allEnded(Array.from({ length: sideBySide }, next));
}

/** @throws if there is not enough space to build an image */
function assertRoom({ name }: Layout): void {
  const { gigabytes } = roomFor(cacheDir);
  if (gigabytes < roomNeeded) throw new Error(`image ${name} cannot be built: ${tooLittle(gigabytes, roomNeeded)}`);
}

const tooLittle = (free: number, needed: number): string =>
  `only ${free.toFixed(1)} GB are free at ${cacheDir}, ${needed} GB are needed; make room there, or set ORRERY_CACHE`;

/** Builds an image; of one that fails nothing is kept but its log. @throws naming the image, and the room if that was the cause */
async function build(layout: Layout): Promise<void> {
  assertRoom(layout);
  const partial = path.join(cacheDir, "images", "partial", layout.name);
  try {
    await fillAndFinish(layout, partial);
  } catch (error) {
    const full = roomFor(cacheDir).gigabytes < leftWhenFull;
    await rm(partial, { recursive: true, force: true });
    const { gigabytes } = roomFor(cacheDir);
    const why = error instanceof Error ? error.message : String(error);
    // It took all of this, so it needs more.
    const reason = full ? tooLittle(gigabytes, Math.max(roomNeeded, Math.ceil(gigabytes) + 1)) : why;
    throw new Error(`image ${layout.name} cannot be built: ${reason}`, { cause: error });
  }
}

async function fillAndFinish({ name, folder, fill }: Layout, partial: string): Promise<void> {
  const output = path.join(cacheDir, "log", `image-${name}.log`);
  await mkdir(path.dirname(output), { recursive: true });
  await rm(partial, { recursive: true, force: true });
  const [made, work] = [path.join(partial, "layout"), path.join(partial, "work")];
  const layout = await LayoutWriter.create(made, path.join(partial, "blobs"), output);
  await mkdir(work, { recursive: true });
  await fill(layout, work, output);
  await layout.finish();
  await rename(made, folder);
  await rm(partial, { recursive: true, force: true });
}

function layouts(programs: NodePrograms): Layout[] {
  const all = answers();
  const made = recipeLayouts(recipes, programs, all);
  const base = made.find(({ name }) => name === standInBase.name)?.folder ?? "";
  const absent = all.filter(({ recipe }) => recipe === undefined);
  const key = [
    standInRevision,
    path.basename(base),
    absent.map(({ contract, names }) => [standInContract(contract.contract), names]),
  ];
  const fill = async (layout: LayoutWriter, work: string, log: string): Promise<void> => {
    const checker = path.join(programs.standin, "standin");
    await installPackages(["libcap2-bin"], () => undefined); // setcap
    for (const [index, answer] of absent.entries()) {
      const root = path.join(work, String(index));
      await mkdir(root);
      await addStandIn(answer, readLayers(base), root, layout, checker, log);
      await runToFile(checker, ["check", path.join(root, contractFile)], log);
    }
  };
  return [...made, { name: "stand-ins", folder: cached("stand-ins", key), of: [base], fill }];
}

function recipeLayouts(wanted: readonly Recipe[], programs: NodePrograms, all: readonly Answer[]): Layout[] {
  return wanted.map((recipe): Layout => {
    const sources = Object.values(recipe.programs ?? {}).map(([artifact]) =>
      path.basename(folderOf(artifact, programs)),
    );
    const key = [recipe, sources, namesOf(recipe, all), checkedContract(recipe, all, programs)];
    return {
      name: recipe.name,
      folder: cached(recipe.name, key),
      fill: (layout, work, log) => fillRecipe(recipe, programs, all, layout, work, log),
    };
  });
}

/** Folder of a layout: its name, and a hash of what it is made of. */
function cached(name: string, key: unknown): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([revision, key]))
    .digest("hex");
  return path.join(cacheDir, "images", `${name}-${hash.slice(0, 12)}`);
}

function folderOf(artifact: keyof NodePrograms | ToolName, programs: NodePrograms): string {
  return artifact in programs ? programs[artifact as keyof NodePrograms] : toolFolder(artifact as ToolName);
}

/** The contract that a recipe's image checks itself, with the program that checks it. */
function checkedContract(
  recipe: Recipe,
  all: readonly Answer[],
  { standin }: NodePrograms,
): { readonly text: string; readonly program: string } | undefined {
  const answer = recipe.checked === true ? all.find((one) => one.recipe === recipe) : undefined;
  return answer && { text: JSON.stringify(standInContract(answer.contract.contract)), program: path.basename(standin) };
}

async function fillRecipe(
  recipe: Recipe,
  programs: NodePrograms,
  all: readonly Answer[],
  layout: LayoutWriter,
  work: string,
  log: string,
): Promise<void> {
  const root = path.join(work, "root");
  await mkdir(root);
  const { packages = [], npm, maven, jars, python = [], builds = [], files = {}, script = ":" } = recipe;
  if (packages.length > 0) await runToFile("sh", ["-ec", unpack, "unpack", work, root, ...packages], log);
  for (const [target, [artifact, file]] of Object.entries(recipe.programs ?? {})) {
    await cp(path.join(folderOf(artifact, programs), file), path.join(root, target), { recursive: true });
  }
  if (npm !== undefined) {
    const to = path.join(root, npm.to);
    await runToFile("sh", ["-ec", unpackNpm, "npm", work, npm.package, npm.sha256, npm.member, to], log);
  }
  if (maven !== undefined) {
    const to = path.join(root, maven.to);
    await installPackages(["maven"], () => undefined);
    await runToFile("sh", ["-ec", unpackMaven, "maven", work, maven.artifact, maven.sha256, to], log);
  }
  if (jars !== undefined) {
    const to = path.join(root, jars.to);
    await installPackages(["maven"], () => undefined);
    await runToFile("sh", ["-ec", copyJars, "jars", work, jars.sha256, to, ...jars.artifacts], log);
  }
  if (python.length > 0) {
    await installPackages(["python3-venv", ...builds], () => undefined);
    await runToFile("sh", ["-ec", installPython, "python", work, root, ...python], log);
  }
  if (python.length > 0 || packages.includes("python3")) {
    await installPackages(["python3"], () => undefined);
    await runToFile("sh", ["-ec", compilePython, "compile", root], log);
  }
  const contract = checkedContract(recipe, all, programs);
  if (contract !== undefined) await cp(path.join(programs.standin, "standin"), path.join(root, "usr/bin/standin"));
  const texts = { ...files, ...(contract === undefined ? {} : { [contractFile]: contract.text }) };
  for (const [file, text] of Object.entries(texts)) {
    const at = path.join(root, file);
    await mkdir(path.dirname(at), { recursive: true });
    await writeFile(at, text);
    if (text.startsWith("#!")) await chmod(at, 0o755);
  }
  await runToFile("sh", ["-ec", `umask 022; cd "$1"; ${script}`, "script", root], log);
  const config = recipe.program === undefined ? {} : { Labels: { "orrery.lab/program": recipe.program } };
  const layer = await layout.addLayer(root);
  for (const names of namesOf(recipe, all)) await layout.addImage([layer], { ...recipe.config, ...config }, names);
}
