// The plugins for openstack, random and tls in one program: the name by which it is called says which one it is.
package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"

	pfbridge "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"

	"orrery/toolchain/bridge/providers"
)

// Made by ../schema when the toolchain is built.
var (
	//go:embed openstack.json
	openstack []byte
	//go:embed random.json
	random []byte
	//go:embed tls.json
	tls []byte
)

func main() {
	switch name := filepath.Base(os.Args[0]); name {
	case "pulumi-resource-openstack":
		p := providers.Openstack()
		tfbridge.Main(p.Name, p.Version, p, openstack)
	case "pulumi-resource-random":
		framework(providers.Random(), random)
	case "pulumi-resource-tls":
		framework(providers.TLS(), tls)
	default:
		fmt.Fprintf(os.Stderr, "%s: call me pulumi-resource-openstack, -random or -tls\n", name)
		os.Exit(2)
	}
}

func framework(p tfbridge.ProviderInfo, schema []byte) {
	pfbridge.Main(context.Background(), p.Name, p, pfbridge.ProviderMetadata{PackageSchema: schema})
}
