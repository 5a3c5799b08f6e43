/** One stack of the last commit compared with the working tree's, as `npm run review` compares it: what the benchmark times. */
import { compareStack } from "../review/compareCommits.ts";
import { checkOut, workingTree } from "../review/checkout.ts";

const base = await checkOut("HEAD");
try {
  const { stack, changes, resources } = await compareStack(base, workingTree, process.argv[2] ?? "");
  console.log(`${stack}: ${changes.length} of ${resources.length} resources differ`);
} finally {
  await base.close();
}
