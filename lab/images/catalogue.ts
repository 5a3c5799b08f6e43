/** Which image of the lab answers for each image that workloads name: a recipe with a real program, or a stand-in by its contract. */
import { imageParts, imagesOf, type LoadedContract, loadContracts } from "../../contracts/check/load.ts";
import { named, type ImageNames } from "./names.ts";
import { programRecipes } from "./programs.ts";
import { labRecipes, type Recipe, standInBase } from "./recipes.ts";

/** Images of Callysto's machines; Docker runs them there. */
const notInPods = "callysto";

/** The lab's image for the images of one contract. */
export interface Answer {
  readonly names: ImageNames;
  readonly contract: LoadedContract;
  /** The recipe of a real program; without one it is a stand-in. */
  readonly recipe: Recipe | undefined;
}

/** Every recipe, in the order of building. */
export const recipes: readonly Recipe[] = [...labRecipes, standInBase, ...programRecipes];

/**
 * The lab's images for workloads, by contract.
 * @param programs - recipes of real programs, in the order in which they are taken
 * @throws if a recipe names an image that has no contract
 */
export function answers(contracts = loadContracts(), programs = programRecipes): readonly Answer[] {
  const inPods = contracts.filter(({ system }) => system !== notInPods);
  const known = new Set(inPods.flatMap(({ contract }) => imagesOf(contract)));
  const unknown = programs.flatMap(({ images = [] }) => images).filter((image) => !known.has(image));
  if (unknown.length > 0) throw new Error(`recipes of images: no contract for ${unknown.join(", ")}`);
  return inPods.map((loaded) => {
    const images = imagesOf(loaded.contract);
    const recipe = programs.find((one) => one.images?.some((image) => images.includes(image)));
    return { names: { images, tags: loaded.contract.tags }, contract: loaded, recipe };
  });
}

/** What a real program's recipe answers to: its references, and its contracts' images with their tags. */
export function namesOf(recipe: Recipe, all = answers()): ImageNames[] {
  const exact = recipe.references === undefined ? [] : [{ references: recipe.references }];
  return [...exact, ...all.filter((answer) => answer.recipe === recipe).map(({ names }) => names)];
}

/** The answer for an image as a container names it; undefined if the lab has none. */
export function answerFor(image: string, all = answers()): Answer | undefined {
  const { name, version } = imageParts(image);
  return named(all, name, version);
}
