package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
)

// manifest is what matters of a package.json.
type manifest struct {
	Name, Version                 string
	Dependencies, DevDependencies map[string]string
	Pulumi                        struct {
		Resource              bool
		Name, Version, Server string
	}
}

func readManifest(folder string) (m manifest, err error) {
	text, err := os.ReadFile(filepath.Join(folder, "package.json"))
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	return m, err
}

// dependencies are the installed packages that the program names, by name; each is looked for as Node does.
func dependencies(folder string) (found []manifest) {
	program, err := readManifest(folder)
	if err != nil {
		return nil
	}
	names := map[string]string{}
	for _, list := range []map[string]string{program.Dependencies, program.DevDependencies} {
		for name := range list {
			names[name] = name
		}
	}
	for name := range names {
		for at := folder; ; at = filepath.Dir(at) {
			if m, err := readManifest(filepath.Join(at, "node_modules", name)); err == nil {
				found = append(found, m)
				break
			}
			if at == filepath.Dir(at) {
				break
			}
		}
	}
	slices.SortFunc(found, func(a, b manifest) int { return strings.Compare(a.Name, b.Name) })
	return found
}

// GetRequiredPackages are the plugins of the program's SDKs.
func (*host) GetRequiredPackages(_ context.Context, r *pulumirpc.GetRequiredPackagesRequest) (*pulumirpc.GetRequiredPackagesResponse, error) {
	response := &pulumirpc.GetRequiredPackagesResponse{}
	for _, m := range dependencies(r.Info.ProgramDirectory) {
		if !m.Pulumi.Resource {
			continue
		}
		name, version := m.Pulumi.Name, m.Pulumi.Version
		if name == "" {
			name = strings.TrimPrefix(m.Name, "@pulumi/")
		}
		if version == "" {
			version = m.Version
		}
		response.Packages = append(response.Packages, &pulumirpc.PackageDependency{
			Name: name, Kind: "resource", Version: "v" + strings.TrimPrefix(version, "v"), Server: m.Pulumi.Server,
		})
	}
	return response, nil
}

func (*host) GetProgramDependencies(_ context.Context, r *pulumirpc.GetProgramDependenciesRequest) (*pulumirpc.GetProgramDependenciesResponse, error) {
	response := &pulumirpc.GetProgramDependenciesResponse{}
	for _, m := range dependencies(r.Info.ProgramDirectory) {
		response.Dependencies = append(response.Dependencies, &pulumirpc.DependencyInfo{Name: m.Name, Version: m.Version})
	}
	return response, nil
}

// InstallDependencies installs what the lock file says, or what package.json asks for where there is none.
func (*host) InstallDependencies(r *pulumirpc.InstallDependenciesRequest, stream pulumirpc.LanguageRuntime_InstallDependenciesServer) error {
	verb := "install"
	if _, err := os.Stat(filepath.Join(r.Directory, "package-lock.json")); err == nil {
		verb = "ci"
	}
	npm := exec.CommandContext(stream.Context(), "npm", verb, "--no-audit", "--no-fund")
	npm.Dir = r.Directory
	npm.Stdout = writer(func(text []byte) error { return stream.Send(&pulumirpc.InstallDependenciesResponse{Stdout: text}) })
	npm.Stderr = npm.Stdout
	return npm.Run()
}

func (*host) About(ctx context.Context, _ *pulumirpc.AboutRequest) (*pulumirpc.AboutResponse, error) {
	path, err := exec.LookPath("node")
	if err != nil {
		return nil, err
	}
	version, err := exec.CommandContext(ctx, path, "--version").Output()
	return &pulumirpc.AboutResponse{Executable: path, Version: strings.TrimSpace(string(version))}, err
}

// version is set by the build.
var version = "0.0.0"

func (*host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version}, nil
}

func (*host) RuntimeOptionsPrompts(context.Context, *pulumirpc.RuntimeOptionsRequest) (*pulumirpc.RuntimeOptionsResponse, error) {
	return &pulumirpc.RuntimeOptionsResponse{}, nil
}
