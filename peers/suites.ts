/** The suites. A new one is a file of its own, a row here, and a list of expected failures. */
import { gophercloud } from "./gophercloud.ts";
import { kubernetes } from "./kubernetes.ts";
import type { Suite } from "./suite.ts";

export const suites: readonly Suite[] = [gophercloud, kubernetes];
