/** gophercloud's acceptance tests: the Go client that the providers of Terraform and Pulumi are built on. */
import { type GoSuite, goSession, installGo } from "./goTests.ts";
import { adminEnv, ownName, prepare } from "./preparation.ts";
import type { Suite } from "./suite.ts";

const at = "github.com/gophercloud/gophercloud/internal/acceptance/openstack";
const extensions = [
  ...["agents", "dns", "layer3", "mtu", "networkipavailabilities", "portsbinding", "qos/policies", "qos/rules"],
  ...["qos/ruletypes", "quotas", "rbacpolicies", "subnetpools", "trunk_details", "trunks"],
];
const packages = [
  ...["networking/v2", "networking/v2/extensions", ...extensions.map((name) => `networking/v2/extensions/${name}`)],
  ...["blockstorage/v3", "identity/v3", "imageservice/v2", "dns/v2", "objectstorage/v1"],
  ...["compute/v2", "placement/v1", "loadbalancer/v2"],
];

/** OpenStack's release in Debian 12: some tests ask whether what they need is older. */
const branch = "stable/zed";

const suite: GoSuite = {
  name: "gophercloud",
  packages: Object.fromEntries(packages.map((name) => [name.replace("/extensions/", "/"), `${at}/${name}`])),
  tags: "acceptance",
  minutes: 3,
};

export const gophercloud: Suite = {
  name: suite.name,
  about: "gophercloud's acceptance tests of all services (Go)",
  version: "1.14.1",
  cloud: "openstack",
  install: ({ log }) => installGo(suite, log),
  async open({ lab }) {
    const { image, flavors, network, subnet, public: external } = await prepare(lab);
    return goSession(suite, lab, {
      ...adminEnv(lab),
      OS_IMAGE_ID: image,
      OS_FLAVOR_ID: flavors[0],
      OS_FLAVOR_ID_RESIZE: flavors[1],
      OS_NETWORK_NAME: ownName,
      OS_NETWORK_ID: network,
      OS_SUBNET_ID: subnet,
      OS_POOL_NAME: "public",
      OS_EXTGW_ID: external,
      OS_BRANCH: branch,
    });
  },
};
