// Package providers describes to the Pulumi bridge the Terraform providers behind the plugins.
package providers

import (
	_ "embed"
	"encoding/json"
	"strings"

	pfbridge "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	ptokens "github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	tls "github.com/hashicorp/terraform-provider-tls/shim"
	"github.com/terraform-provider-openstack/terraform-provider-openstack/openstack"
	random "github.com/terraform-providers/terraform-provider-random/shim"
)

// Tokens of npm's @pulumi/openstack ("module/Name"), keyed by Terraform's name.
//
//go:embed openstack.json
var openstackTokens []byte

// Openstack is the provider behind @pulumi/openstack.
func Openstack() tfbridge.ProviderInfo {
	p := info("openstack", "3.15.2")
	terraform := openstack.Provider()
	// It warns of its own default, which nobody can leave out.
	terraform.Schema["use_octavia"].Deprecated = ""
	p.P = shimv2.NewProvider(terraform)
	p.Resources, p.DataSources = map[string]*tfbridge.ResourceInfo{}, map[string]*tfbridge.DataSourceInfo{}
	var names struct{ Resources, DataSources map[string]string }
	if err := json.Unmarshal(openstackTokens, &names); err != nil {
		panic(err)
	}
	for terraform, token := range names.Resources {
		p.Resources[terraform] = &tfbridge.ResourceInfo{Tok: ptokens.Type(full(token))}
	}
	for terraform, token := range names.DataSources {
		p.DataSources[terraform] = &tfbridge.DataSourceInfo{Tok: ptokens.ModuleMember(full(token))}
	}
	// The few names that npm's package has by hand.
	p.Resources["openstack_orchestration_stack_v1"].Fields = map[string]*tfbridge.SchemaInfo{
		"outputs": {Name: "StackOutputs"},
	}
	p.Resources["openstack_networking_subnet_v2"].Fields = map[string]*tfbridge.SchemaInfo{
		"allocation_pool":  {Name: "allocationPools"},
		"allocation_pools": {Name: "allocationPoolsCollection"},
	}
	p.SetAutonaming(255, "-")
	return p
}

// Random is the provider behind @pulumi/random.
func Random() tfbridge.ProviderInfo {
	p := info("random", "4.21.2")
	p.P = pfbridge.ShimProvider(random.New())
	p.MustComputeTokens(tokens.SingleModule("random_", "index", func(module, name string) (string, error) {
		return tokens.MakeStandard("random")(module, "Random"+name)
	}))
	return p
}

// TLS is the provider behind @pulumi/tls.
func TLS() tfbridge.ProviderInfo {
	p := info("tls", "5.6.1")
	p.P = pfbridge.ShimProvider(tls.New())
	p.MustComputeTokens(tokens.SingleModule("tls_", "index", tokens.MakeStandard("tls")))
	return p
}

func info(name, version string) tfbridge.ProviderInfo {
	return tfbridge.ProviderInfo{Name: name, Version: version, MetadataInfo: tfbridge.NewProviderMetadata([]byte("{}"))}
}

// full makes "openstack:compute/keypair:Keypair" of "compute/Keypair".
func full(token string) string {
	module, name, _ := strings.Cut(token, "/")
	return "openstack:" + module + "/" + strings.ToLower(name[:1]) + name[1:] + ":" + name
}
