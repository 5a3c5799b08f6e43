/** Checks every container of a render against the contract of its image. */
import type { Registration } from "../../review/evaluate/record.ts";
import { commandProblems } from "./commands.ts";
import { fileProblems } from "./files.ts";
import { imageParts, imagesOf, type LoadedContract, tagMatches } from "./load.ts";
import { networkProblems } from "./network.ts";
import { permissionProblems } from "./permissions.ts";
import { portProblems, serviceProblems } from "./ports.ts";
import { runtimeProblems, tokenProblems } from "./runtime.ts";
import { programsOf, readingOf, type Situation } from "./situation.ts";
import { variableProblems } from "./variables.ts";
import { type Pod, World } from "./workloads.ts";

/** One violation of a contract. */
export interface Violation {
  /** System of the contract; empty if the image has no contract. */
  readonly system: string;
  /** `Deployment namespace/name container`, or without the container for the pod as a whole. */
  readonly where: string;
  readonly problem: string;
}

/** All violations in a render that includes its secrets, in the order of the workloads. */
export function violations(
  resources: readonly Registration[],
  contracts: readonly LoadedContract[],
): readonly Violation[] {
  const world = new World(resources);
  const byImage = new Map(contracts.flatMap((one) => imagesOf(one.contract).map((image) => [image, one] as const)));
  const contractOf = (image: string): LoadedContract | undefined => byImage.get(imageParts(image).name);
  const pods = world.pods((image) => contractOf(image)?.contract.runsIn);
  return pods.flatMap((pod) => podViolations(world, pod, pods, contractOf));
}

function podViolations(
  world: World,
  pod: Pod,
  pods: readonly Pod[],
  contractOf: (image: string) => LoadedContract | undefined,
): readonly Violation[] {
  const found: Violation[] = [];
  const situations: Situation[] = [];
  let system = "";
  for (const container of pod.containers) {
    const where = `${pod.title} ${container.name}`;
    const loaded = contractOf(container.image);
    if (loaded === undefined) {
      found.push({ system: "", where, problem: `image ${container.image} has no contract` });
      continue;
    }
    const { contract } = loaded;
    system = loaded.system;
    const report = (problem: string): void => void found.push({ system: loaded.system, where, problem });
    const { version } = imageParts(container.image);
    if (!tagMatches(contract.tags, version)) {
      report(
        `image ${container.image}: ${loaded.file} was read for ${contract.tags.join(", ")}; read ${version} and change both together`,
      );
    }
    const programs = programsOf(container, contract);
    const [program] = programs;
    if (program === undefined || programs.length > 1) {
      report(
        program === undefined
          ? "runs none of the programs of its contract"
          : `could be ${programs.join(" or ")} of its contract`,
      );
      continue;
    }
    const situation = { world, pod, container, contract, reading: readingOf(contract, program) };
    situations.push(situation);
    const problems = [
      ...variableProblems(situation),
      ...fileProblems(situation),
      ...commandProblems(situation),
      ...portProblems(situation),
      ...runtimeProblems(situation),
      ...networkProblems(situation, pods),
    ];
    problems.forEach(report);
  }
  const whole = [...serviceProblems(situations), ...tokenProblems(situations), ...permissionProblems(situations)];
  return [...found, ...whole.map((problem) => ({ system, where: pod.title, problem }))];
}
