package main

import (
	"context"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/pulumi/pulumi/pkg/v3/codegen/hcl2/syntax"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// GenerateProgram writes the TypeScript of imported resources.
func (*host) GenerateProgram(_ context.Context, r *pulumirpc.GenerateProgramRequest) (*pulumirpc.GenerateProgramResponse, error) {
	loader, err := schema.NewLoaderClient(r.LoaderTarget)
	if err != nil {
		return nil, err
	}
	defer loader.Close()
	response := &pulumirpc.GenerateProgramResponse{}
	report := func(found hcl.Diagnostics) bool {
		for _, diagnostic := range found {
			response.Diagnostics = append(response.Diagnostics, plugin.HclDiagnosticToRPCDiagnostic(diagnostic))
		}
		return found.HasErrors()
	}
	parser := syntax.NewParser()
	for name, text := range r.Source {
		if err := parser.ParseFile(strings.NewReader(text), name); err != nil {
			return nil, err
		}
	}
	if report(parser.Diagnostics) {
		return response, nil
	}
	var options []pcl.BindOption
	if !r.Strict {
		options = pcl.NonStrictBindOptions()
	}
	program, found, err := pcl.BindProgram(parser.Files, schema.NewCachedLoader(loader), options...)
	if err != nil || report(found) {
		return response, err
	}
	files, found, err := nodejs.GenerateProgram(program)
	report(found)
	response.Source = files
	return response, err
}
