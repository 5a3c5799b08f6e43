/** Images from outside: a registry that plays quay.io, reached through a proxy only, by skopeo, the lab's registry and a node. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer as createProxy } from "node:http";
import { createServer, type Server } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { eventually } from "../../lab/harness/cloud.ts";
import { imageFolders } from "../../lab/images/build.ts";
import { readIndex } from "../../lab/images/layout.ts";
import { Layouts, registryServer } from "../../lab/images/registry.ts";
import { askUpstream } from "../../lab/kubernetes/nodes/plan.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import { api, cluster, kubectl, quiet, useRealNodes } from "./pods/cluster.ts";
import { shell } from "./pods/objects.ts";

/** Nobody else's image has this name. */
const image = "quay.io/orrery-outside/tools:1";
const variables = ["HTTPS_PROXY", "SSL_CERT_FILE"] as const;

/** A layout with the lab's tools under the name by which the outside knows them. */
function outsideLayout(folder: string): string {
  const tools = imageFolders().find((one) => path.basename(one).startsWith("tools-")) ?? "";
  const manifests = readIndex(tools).map((entry) => ({ ...entry, names: { references: ["/orrery-outside/tools:1"] } }));
  symlinkSync(path.join(tools, "blobs"), path.join(folder, "blobs"));
  writeFileSync(path.join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  return folder;
}

describe("images from outside on real nodes", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-outside-"));
  const saved = variables.map((name) => process.env[name]);
  const reached: string[] = [];
  const servers: Server[] = [];

  before(async () => {
    await installPackages(["skopeo"], quiet);
    const [key, certificate] = [path.join(folder, "key.pem"), path.join(folder, "certificate.pem")];
    const subject = ["-subj", "/CN=quay.io", "-addext", "subjectAltName=DNS:quay.io", "-days", "2"];
    const made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, ...subject];
    execFileSync("openssl", made, { stdio: "ignore" });
    const registry = createServer({ key: readFileSync(key), cert: readFileSync(certificate) });
    const answers = registryServer(new Layouts(() => [outsideLayout(folder)]));
    registry.on("request", (request, response) => answers.emit("request", request, response));
    registry.listen(0, "127.0.0.1");
    const proxy = createProxy().on("connect", (request, client) => {
      reached.push(request.url ?? "");
      client.on("error", () => undefined);
      if (request.url !== "quay.io:443") {
        client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
        return;
      }
      const outside = connect((registry.address() as AddressInfo).port, "127.0.0.1", () => {
        client.write("HTTP/1.1 200 Connection established\r\n\r\n");
        client.pipe(outside).pipe(client);
      });
      outside.on("error", () => client.destroy());
    });
    proxy.listen(0, "127.0.0.1");
    servers.push(registry, proxy as unknown as Server);
    await Promise.all(servers.map((server) => once(server, "listening")));
    process.env.HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    process.env.SSL_CERT_FILE = certificate;
  });
  useRealNodes(1);
  after(() => {
    for (const [index, name] of variables.entries()) {
      if (saved[index] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = saved[index];
    }
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(folder, { recursive: true });
  });

  const reason = (pod: string): Promise<string> =>
    kubectl("get", "pod", pod, "-o", "jsonpath={.status.containerStatuses[0].state.waiting.reason}");

  it("nobody asks outside unless that was chosen", async () => {
    await api.apply(shell("before", "node-0", image));
    await eventually(
      "the refusal",
      () => reason("before"),
      (said) => /^(ErrImagePull|ImagePullBackOff)$/.test(said),
    );
    assert.deepEqual(reached, []);
  });

  it("once chosen, a pod runs the image of the registry that it names, through the machine's proxy", async () => {
    askUpstream(cluster);
    await api.apply(shell("outside", "node-0", image));
    await kubectl("wait", "pod/outside", "--for=condition=Ready", "--timeout=60s");
    assert.ok(reached.includes("quay.io:443"), reached.join());
  });

  it("what cannot be had is the lab's own, if that has it, and else not run", async () => {
    await api.apply(shell("own", "node-0"));
    await kubectl("wait", "pod/own", "--for=condition=Ready", "--timeout=60s");
    await api.apply(shell("neither", "node-0", "registry.test/team/nothing:1"));
    await eventually(
      "the refusal",
      () => reason("neither"),
      (said) => /^(ErrImagePull|ImagePullBackOff)$/.test(said),
    );
    assert.ok(reached.includes("registry.test:443"), reached.join());
    assert.match(
      readFileSync(path.join(cluster.dir, "log", "nodes-controller.log"), "utf8"),
      /registry\.test\/team\/nothing:1: /,
    );
  });
});
