/** Which cluster a stack belongs to, and whether the current one is it. */
import { parseDocument } from "yaml";
import type { Kubectl } from "./kubectl.ts";
import { secretOf } from "../secrets.ts";

/** The parts of a stack that identify its clusters. */
interface Stack {
  readonly name: string;
  readonly file: string;
}

interface KubeConfig {
  readonly clusters?: readonly { readonly cluster?: { readonly server?: string } }[] | null;
}

/** The API that the stack deploys to: the server of its own kubeconfig, as the program never uses another one. */
function expectedServer(stack: Stack, cluster: string): string | undefined {
  const document = parseDocument(secretOf(stack, `clusters:${cluster}`), { logLevel: "error" });
  // The parser's words would quote the text, which is a secret.
  if (document.errors.length > 0)
    throw new Error(`Pulumi.${stack.name}.yaml: clusters:${cluster} is no YAML, so no kubeconfig`);
  return (document.toJS() as KubeConfig | null)?.clusters?.[0]?.cluster?.server;
}

/** Whether two URLs are one server: port and trailing slash may be left out. */
export function sameServer(one: string, other: string): boolean {
  if (!URL.canParse(one) || !URL.canParse(other)) return one === other;
  const [a, b] = [new URL(one), new URL(other)];
  const port = (url: URL): string =>
    url.port === "" ? ({ "https:": "443", "http:": "80" }[url.protocol] ?? "") : url.port;
  return a.protocol === b.protocol && a.hostname === b.hostname && port(a) === port(b);
}

/** The API server that kubectl's kubeconfig is for. */
export async function serverOf(kubectl: Kubectl): Promise<string> {
  const view = await kubectl.output(["config", "view", "--minify", "--output", "json"]);
  return (JSON.parse(view) as KubeConfig).clusters?.[0]?.cluster?.server ?? "nothing";
}

/** Refuses to work on another cluster than the stack's. @throws naming both, before anything is asked of the cluster */
export async function guardCluster(stack: Stack, cluster: string, kubectl: Kubectl): Promise<void> {
  const expected = expectedServer(stack, cluster);
  const atHand = await serverOf(kubectl);
  if (expected !== undefined && sameServer(expected, atHand)) return;
  throw new Error(
    `Pulumi.${stack.name}.yaml is for the cluster ${expected ?? "?"} (${cluster}), but the kubeconfig at hand is for ${atHand}; ` +
      "nothing was done: change the context, or name a --kubeconfig or --context",
  );
}
