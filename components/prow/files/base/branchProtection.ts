/** GitHub's branch protection, which the CronJob branch-protector sets. */

const travis = "continuous-integration/travis-ci/pr";
const needs = (...contexts: string[]) => ({ required_status_checks: { contexts } });
/** Branches of a repository that are protected and need nothing of their own. */
const protect = (...branches: string[]) => ({
  branches: Object.fromEntries(branches.map((branch) => [branch, { protect: true }])),
});

/** Releases of KubeVirt that were still tested by Travis: 0.23 to 0.33. */
const travisReleases = Array.from({ length: 11 }, (_, index) => `release-0.${index + 23}`);

/** Section `branch-protection` of config.yaml. */
export const branchProtection = {
  ...needs("dco"),
  orgs: {
    kubevirt: {
      repos: {
        kubevirt: {
          protect: true,
          branches: Object.fromEntries(travisReleases.map((branch) => [branch, needs(travis)])),
        },
        "cluster-network-addons-operator": protect("master", "release-0.27", "release-0.39"),
        "common-templates": protect("master"),
        "containerized-data-importer": { branches: { master: { protect: true, ...needs(travis) } } },
        "hostpath-provisioner": protect("master"),
        "hostpath-provisioner-operator": protect("master"),
        "hyperconverged-cluster-operator": {
          branches: { master: { protect: true, ...needs(travis, "coverage/coveralls") } },
        },
        "kubectl-virt-plugin": { protect: true },
        "kubevirt-csi": protect("master"),
        kubevirtci: protect("master"),
        "macvtap-cni": protect("master"),
        "ovs-cni": protect("master"),
        "project-infra": protect("master"),
        "user-guide": {
          branches: {
            master: {
              protect: true,
              required_pull_request_reviews: { dismiss_stale_reviews: true, required_approving_review_count: 1 },
              required_status_checks: { strict: true },
            },
          },
        },
      },
    },
    k8snetworkplumbingwg: { repos: { kubemacpool: protect("master") } },
    nmstate: { repos: { "kubernetes-nmstate": protect("master", "release-0.15") } },
  },
};
