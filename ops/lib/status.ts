/** What `orrery status` asks of each system. */
import type { KubectlValues } from "./kube/kubectl.ts";
import type { Finding } from "./kube/checks.ts";
import type { StackValues } from "./stack.ts";

/** The stack, and a kubeconfig where the stack's own secret is not to be used. */
export type StatusValues = StackValues & KubectlValues;

/** Whether a system of the stack runs as its settings say: everything that was checked. @throws if it cannot be asked */
export type StatusHook = (values: StatusValues) => Promise<readonly Finding[]>;
