/** A kubeconfig file as one text, with its current context only. */
import { Kubectl, type KubectlValues } from "../kube/kubectl.ts";

/** Text of the kubeconfig that the options name, with the content of files that it names. @throws with kubectl's complaint */
export function flattened(values: KubectlValues): Promise<string> {
  return new Kubectl(undefined, values).output(["config", "view", "--raw", "--minify", "--flatten"]);
}
