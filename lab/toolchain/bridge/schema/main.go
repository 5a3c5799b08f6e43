// Writes the Pulumi schema of each bridged provider to <folder>/<name>.json; `pulumi import` writes code from it.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	pfgen "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfgen"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"

	"orrery/toolchain/bridge/providers"
)

func main() {
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(folder string) error {
	sink := diag.DefaultSink(io.Discard, os.Stderr, diag.FormatOptions{Color: colors.Never})
	openstack, err := tfgen.GenerateSchema(providers.Openstack(), sink)
	if err != nil {
		return err
	}
	text, err := json.Marshal(openstack)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "openstack.json"), text, 0o644); err != nil {
		return err
	}
	for _, p := range []tfbridge.ProviderInfo{providers.Random(), providers.TLS()} {
		result, err := pfgen.GenerateSchema(context.Background(), pfgen.GenerateSchemaOptions{ProviderInfo: p, DiagnosticsSink: sink})
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, p.Name+".json"), result.ProviderMetadata.PackageSchema, 0o644); err != nil {
			return err
		}
	}
	return nil
}
