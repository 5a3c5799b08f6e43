package local

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"strings"
	"time"

	"github.com/gobwas/glob"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"orrery/toolchain/plugins/command/common"
)

// Process says how a command is run and which files are taken afterwards.
type Process struct {
	Interpreter            *[]string          `pulumi:"interpreter,optional"`
	Dir                    *string            `pulumi:"dir,optional"`
	Environment            *map[string]string `pulumi:"environment,optional"`
	Stdin                  *string            `pulumi:"stdin,optional"`
	Logging                *common.Logging    `pulumi:"logging,optional"`
	AddPreviousOutputInEnv *bool              `pulumi:"addPreviousOutputInEnv,optional"`
	AssetPaths             *[]string          `pulumi:"assetPaths,optional"`
	ArchivePaths           *[]string          `pulumi:"archivePaths,optional"`
}

func (p *Process) Annotate(a infer.Annotator) { a.SetDefault(&p.AddPreviousOutputInEnv, true) }

// Result is what a command leaves: its output and the files asked for.
type Result struct {
	common.Printed
	Assets  *map[string]types.AssetOrArchive `pulumi:"assets,optional"`
	Archive *resource.Archive                `pulumi:"archive,optional"`
}

// run puts the outcome in place of the previous one, which is kept when the command fails.
func (p Process) run(ctx context.Context, command string, result *Result) error {
	interpreter := []string{"/bin/sh", "-c"}
	if p.Interpreter != nil && len(*p.Interpreter) > 0 {
		interpreter = *p.Interpreter
	}
	process := exec.CommandContext(ctx, interpreter[0], append(interpreter[1:len(interpreter):len(interpreter)], command)...)
	process.WaitDelay = 5 * time.Second // a grandchild may hold the pipes after a time-out
	capture := common.NewCapture(ctx, p.Logging)
	process.Stdout, process.Stderr = capture.Stdout, capture.Stderr
	process.Env = append(os.Environ(), p.env(result)...)
	if p.Dir != nil {
		process.Dir = *p.Dir
	}
	if p.Stdin != nil {
		process.Stdin = strings.NewReader(*p.Stdin)
	}
	printed, err := capture.Done(process.Run())
	if err != nil {
		return err
	}
	next := Result{Printed: printed}
	if err := p.collect(&next); err != nil {
		return err
	}
	*result = next
	return nil
}

func (p Process) env(previous *Result) (env []string) {
	if p.Environment != nil {
		for name, value := range *p.Environment {
			env = append(env, name+"="+value)
		}
	}
	if p.AddPreviousOutputInEnv == nil || *p.AddPreviousOutputInEnv {
		if previous.Stdout != "" {
			env = append(env, "PULUMI_COMMAND_STDOUT="+previous.Stdout)
		}
		if previous.Stderr != "" {
			env = append(env, "PULUMI_COMMAND_STDERR="+previous.Stderr)
		}
	}
	return env
}

// collect takes the files that the globs name, relative to the command's folder.
func (p Process) collect(result *Result) error {
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	if p.Dir != nil {
		dir = *p.Dir
	}
	if p.AssetPaths != nil {
		assets, err := match(dir, *p.AssetPaths)
		if err != nil {
			return err
		}
		members := map[string]types.AssetOrArchive{}
		for name, asset := range assets {
			members[name] = types.AssetOrArchive{Asset: asset}
		}
		result.Assets = &members
	}
	if p.ArchivePaths != nil {
		assets, err := match(dir, *p.ArchivePaths)
		if err != nil {
			return err
		}
		members := map[string]any{}
		for name, asset := range assets {
			members[name] = asset
		}
		if result.Archive, err = resource.NewAssetArchive(members); err != nil {
			return err
		}
	}
	return nil
}

// match applies the globs in their order to each file under dir; a leading "!" takes a file out again.
func match(dir string, patterns []string) (map[string]*resource.Asset, error) {
	globs := make([]glob.Glob, len(patterns))
	for i, pattern := range patterns {
		compiled, err := glob.Compile(strings.TrimPrefix(pattern, "!"), '/')
		if err != nil {
			return nil, err
		}
		globs[i] = compiled
	}
	assets := map[string]*resource.Asset{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		taken := false
		for i, g := range globs {
			if g.Match(name) {
				taken = !strings.HasPrefix(patterns[i], "!")
			}
		}
		if taken {
			assets[name], err = resource.NewPathAsset(path.Join(dir, name))
		}
		return err
	})
	return assets, err
}
