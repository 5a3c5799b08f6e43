import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { existingClaim, hostPath, scratch } from "../../../blocks/kubernetes/volume.ts";
import { type Container, container, deploy, podOf } from "./workload.ts";

describe("rules of a workload's pod", () => {
  it("every exception is recorded with its reason in the render", async () => {
    const seen = await deploy({
      containers: [
        {
          ...container,
          image: "quay.io/example/web:latest",
          exceptions: { "writable-root": "writes its config", "floating-tag": "built here" },
          probes: { none: "a batch program" },
        },
      ],
      hostNetwork: true,
      exceptions: { "host-network": "answers on the node's address" },
    });
    const { metadata, spec } = seen.object("Deployment web") as { metadata: { annotations: unknown }; spec: unknown };
    assert.deepEqual(metadata.annotations, {
      "orrery/exception-floating-tag": "web: built here",
      "orrery/exception-host-network": "pod: answers on the node's address",
      "orrery/exception-no-probes": "web: a batch program",
      "orrery/exception-writable-root": "web: writes its config",
    });
    assert.match(JSON.stringify(spec), /"imagePullPolicy":"Always".*"readOnlyRootFilesystem":false/);
  });

  it("only two exceptions allow a pod to gain privileges", async () => {
    const gains = async (exceptions: NonNullable<Container["exceptions"]>): Promise<unknown> => {
      const [first] = podOf(await deploy({ containers: [{ ...container, exceptions }] })).containers as {
        securityContext: { allowPrivilegeEscalation: boolean; privileged?: boolean };
      }[];
      return [first?.securityContext.allowPrivilegeEscalation, first?.securityContext.privileged];
    };
    assert.deepEqual(await gains({ "privilege-escalation": "sudo" }), [true, undefined]);
    assert.deepEqual(await gains({ privileged: "mounts" }), [true, true]);
    assert.deepEqual(await gains({ "writable-root": "writes" }), [false, undefined]);
  });

  it("arguments that break the rules or contradict each other are refused", async () => {
    const one = (changed: Partial<Container>): { containers: [Container] } => ({
      containers: [{ ...container, ...changed }],
    });
    const refuses = (args: Parameters<typeof deploy>[0], message: RegExp): Promise<void> =>
      assert.rejects(deploy(args), message);
    await refuses(one({ image: "quay.io/example/web" }), /\[image\] of container "web": .* is not pinned/);
    await refuses(one({ image: "localhost:5000/web" }), /is not pinned/);
    await refuses(one({ image: "quay.io/example/web:latest" }), /is not pinned/);
    await refuses(one({ resources: { cpu: ["1", "none"], memory: "1Gi" } }), /needs|no limit/);
    await refuses(one({ capabilities: ["NET_BIND_SERVICE"] }), /need the exception "capabilities"/);
    await refuses(one({ mounts: { "/host": hostPath("/var/lib/x") } }), /needs the exception "host-path"/);
    await refuses(
      one({ exceptions: { "writable-root": " " } }),
      /\[exceptions\.writable-root\] of "web" needs a reason/,
    );
    for (const port of ["8080-8080", "-web", "web-", "Web", "a-name-that-is-long"])
      await refuses(one({ ports: { [port]: 8080 } }), /is no port name; .* at least one letter/);
    await refuses({ hostNetwork: true }, /needs the exception "host-network"/);
    await refuses({ containers: [container, container] }, /two containers of one pod are called "web"/);
    await refuses(
      one({ mounts: { "/a": scratch({ volume: "x" }), "/b": existingClaim("x", "x") } }),
      /volume "x" is two things, scratch and claim\/x/,
    );
  });
});
