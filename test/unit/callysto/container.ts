/** A user's container on a hub, checked against its image's contract like containers of Kubernetes. */
import { violations } from "../../../contracts/check/violations.ts";
import { notebookTemplates } from "../../../components/callysto/guest/announcement.ts";
import type { Registration } from "../../../review/evaluate/record.ts";
import { allContracts } from "../recordings.ts";

/** Contract violations of a container that DockerSpawner starts. */
export function containerProblems(image: string, environment: Readonly<Record<string, string>>): readonly string[] {
  const metadata = (name: string): object => ({ name, namespace: "hub" });
  const files: Readonly<Record<string, string>> = Object.fromEntries(
    notebookTemplates("Down today", {}).map(({ path, text }) => [path.split("/").at(-1) ?? "", text] as const),
  );
  const container = {
    ...{ name: "server", image, ports: [{ containerPort: 8888 }] },
    env: Object.entries(environment).map(([name, value]) => ({ name, value })),
    volumeMounts: [
      { name: "home", mountPath: "/home/jupyter" },
      { name: "templates", mountPath: "/opt/notebook/local_templates", readOnly: true },
    ],
  };
  const volumes = [
    { name: "home", emptyDir: {} },
    { name: "templates", configMap: { name: "templates" } },
  ];
  const pod = {
    metadata: { labels: { app: "server" } },
    spec: { automountServiceAccountToken: false, containers: [container], volumes },
  };
  const registered = (apiVersion: string, kind: string, name: string, more: object): Registration => ({
    ...{ urn: `urn:${name}`, type: `kubernetes:${apiVersion}:${kind}`, name, parent: "", provider: "", options: {} },
    inputs: { apiVersion, kind, metadata: metadata(name), ...more },
  });
  return violations(
    [
      registered("v1", "ConfigMap", "templates", { data: files }),
      registered("apps/v1", "Deployment", "server", { spec: { template: pod } }),
    ],
    allContracts(),
  ).map(({ problem }) => problem);
}
