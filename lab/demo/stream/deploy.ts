/** Deploys the CentOS Stream service of stack `test` to the demonstrations' cluster, next to the GitLab that it works at. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { sample } from "../../../config/samples.ts";
import { startGitlab } from "../../counterparts/counterparts.ts";
import { kubeApi } from "../../kubernetes/api.ts";
import { certificateFor } from "../../kubernetes/router/certificates.ts";
import type { Run } from "../../pulumi.ts";
import { gitlabApi, makeProject } from "../gitlab.ts";
import { Person } from "../outside.ts";
import { until } from "../until.ts";
import { changedService, serverCertificate, type ServiceAtWork, upService } from "../packit/service.ts";

const host = "dev.stream.packit.dev";
/** As whom Stream's workers work at GitLab when they are staging's. */
export const account = "packit-as-a-service-stg";
export const groups = { source: "packit-service/src", dist: "packit-service/rpms" } as const;
/** A package: its project in both groups, and a branch. */
const name = "hello";
export const projects = { source: `${groups.source}/${name}`, dist: `${groups.dist}/${name}` } as const;
export const branch = "c9s";

const spec = `Name: ${name}
Version: 1.0
Release: 1
Summary: Says hello
License: MIT
Source0: ${name}-1.0.tar.gz
%description
Says hello.
`;

/** Stream at work: where it is, and who can act at GitLab. */
export interface StreamAtWork extends ServiceAtWork {
  /** Maintains the package in both groups. */
  readonly alice: Person;
  /** Contributes from a fork. */
  readonly bob: Person;
  /** What signs the webhooks' tokens. */
  readonly tokenSecret: string;
}

/** Deploys what is missing or changed. @throws with Pulumi's output if it cannot */
export async function deployStream(run: Run): Promise<StreamAtWork> {
  const { lab, log } = run;
  const changed = changedService("stream", { hosts: { service: host }, generate: {}, storageClass: "standard" });
  const { authentication, gitlab_token_secret: tokenSecret } = parse(changed.config) as {
    readonly gitlab_token_secret: string;
    readonly authentication: Readonly<Record<"gitlab.com", { readonly token: string }>>;
  };
  const key = `demo-stream ${lab.firstPort}`;
  log("counterpart of GitLab: starting");
  const tokens = await startGitlab(
    kubeApi(lab),
    {
      // The account sets statuses in source-git, and has forks of dist-git alone.
      organisations: {
        [groups.source]: ["alice", account],
        [groups.dist]: ["alice"],
        [account]: [account],
        people: ["bob"],
      },
      programs: { [account]: authentication["gitlab.com"].token },
      keys: [sample("ssh-public-key", key)],
    },
    readFileSync(await certificateFor(lab, "gitlab.com"), "utf8"),
  );
  const person = (login: string): Person => new Person(lab, tokens.get(login) ?? "", gitlabApi);
  const [alice, bob] = [person("alice"), person("bob")];
  // Its pod is ready before the nodes lead to it.
  await until("GitLab's answer", 60, () => alice.get("/user").catch(() => undefined));
  await makeProject(alice, projects.source, branch, { "hello.txt": "hello\n", ".distro/source-git.yaml": "{}\n" });
  await makeProject(alice, projects.dist, branch, { [`${name}.spec`]: spec });
  await upService(run, changed, {
    sshPrivateKey: sample("ssh-private-key", key),
    sshPublicKey: sample("ssh-public-key", key),
    ...(await serverCertificate(run, [host])),
  });
  return { namespace: changed.settings.namespace.name, hosts: { service: host }, alice, bob, tokenSecret };
}
