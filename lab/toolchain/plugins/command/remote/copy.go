package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/pkg/sftp"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// CopyToRemote copies a file, a text or a folder to another host by SFTP. Deleting it leaves the copy.
type CopyToRemote struct{}

type CopyArgs struct {
	Connection *Connection          `pulumi:"connection" provider:"secret"`
	Triggers   *[]any               `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Source     types.AssetOrArchive `pulumi:"source"`
	RemotePath string               `pulumi:"remotePath"`
}

type CopyState struct{ CopyArgs }

var (
	_ infer.CustomCheck[CopyArgs]                     = (*CopyToRemote)(nil)
	_ infer.CustomUpdate[CopyArgs, CopyState]         = (*CopyToRemote)(nil)
	_ infer.ExplicitDependencies[CopyArgs, CopyState] = (*CopyToRemote)(nil)
)

// WireDependencies: every output is an input, so a preview knows them all.
func (*CopyToRemote) WireDependencies(f infer.FieldSelector, _ *CopyArgs, state *CopyState) {
	for _, output := range []any{&state.Connection, &state.Triggers, &state.Source, &state.RemotePath} {
		f.OutputField(output).AlwaysKnown()
	}
}

func (*CopyToRemote) Check(ctx context.Context, r infer.CheckRequest) (infer.CheckResponse[CopyArgs], error) {
	args, failures, err := infer.DefaultCheck[CopyArgs](ctx, r.NewInputs)
	asset, archive := args.Source.Asset, args.Source.Archive
	switch {
	case err != nil || len(failures) > 0 || r.NewInputs.Get("source").HasComputed():
	case asset != nil && (asset.IsPath() || asset.IsText()), archive != nil && archive.IsPath():
	default:
		failures = append(failures, p.CheckFailure{
			Property: "source", Reason: "must be a FileAsset, a StringAsset or a FileArchive",
		})
	}
	return infer.CheckResponse[CopyArgs]{Inputs: args, Failures: failures}, err
}

func (*CopyToRemote) Create(ctx context.Context, r infer.CreateRequest[CopyArgs]) (infer.CreateResponse[CopyState], error) {
	id, err := resource.NewUniqueHex("", 8, 0)
	if err == nil && !r.DryRun {
		err = r.Inputs.copy(ctx)
	}
	return infer.CreateResponse[CopyState]{ID: id, Output: CopyState{r.Inputs}}, err
}

// Update copies again when the content or the place changed; a new connection is only kept.
func (*CopyToRemote) Update(ctx context.Context, r infer.UpdateRequest[CopyArgs, CopyState]) (infer.UpdateResponse[CopyState], error) {
	response := infer.UpdateResponse[CopyState]{Output: CopyState{r.Inputs}}
	if r.DryRun || r.Inputs.hash() == r.State.hash() && r.Inputs.RemotePath == r.State.RemotePath {
		return response, nil
	}
	return response, r.Inputs.copy(ctx)
}

// hash is the SHA-256 of the content.
func (c CopyArgs) hash() string {
	if c.Source.Asset != nil {
		return c.Source.Asset.Hash
	}
	return c.Source.Archive.Hash
}

func (c CopyArgs) copy(ctx context.Context) error {
	client, disconnect, err := c.Connection.dial(ctx)
	if err != nil {
		return err
	}
	defer disconnect()
	defer context.AfterFunc(ctx, disconnect)()
	session, err := sftp.NewClient(client, sftp.UseConcurrentWrites(true))
	if err != nil {
		return fmt.Errorf("%s offers no SFTP: %w", &c.Connection.Endpoint, err)
	}
	defer session.Close()
	t := target{session}
	if err := session.MkdirAll(path.Dir(c.RemotePath)); err != nil {
		return fmt.Errorf("cannot make the folder %s: %w", path.Dir(c.RemotePath), err)
	}
	switch asset := c.Source.Asset; {
	case asset == nil:
		return t.any(c.Source.Archive.Path, c.RemotePath)
	case asset.IsText():
		return t.write(strings.NewReader(asset.Text), c.RemotePath)
	default:
		return t.any(asset.Path, c.RemotePath)
	}
}

type target struct{ *sftp.Client }

// any copies a file or folder to a path; into it when it is a folder. A folder whose name ends in "/" gives its
// content only.
func (t target) any(source, to string) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	there, err := t.Stat(to)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", to, err)
	}
	isFolder := err == nil && there.IsDir()
	if !info.IsDir() {
		if isFolder {
			to = path.Join(to, filepath.Base(source))
		}
		return t.file(source, to)
	}
	if err == nil && !isFolder {
		return fmt.Errorf("%s is a file; a folder cannot be copied there", to)
	}
	if !strings.HasSuffix(source, "/") {
		to = path.Join(to, filepath.Base(source))
	}
	return filepath.WalkDir(source, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(source, name)
		if err != nil {
			return err
		}
		if !entry.IsDir() {
			return t.file(name, path.Join(to, relative))
		}
		if err := t.MkdirAll(path.Join(to, relative)); err != nil {
			return fmt.Errorf("cannot make the folder %s: %w", path.Join(to, relative), err)
		}
		return nil
	})
}

func (t target) file(source, to string) error {
	content, err := os.Open(source)
	if err != nil {
		return err
	}
	defer content.Close()
	return t.write(content, to)
}

func (t target) write(content io.Reader, to string) error {
	file, err := t.Create(to)
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", to, err)
	}
	if _, err = file.ReadFrom(content); err != nil {
		file.Close()
		return fmt.Errorf("cannot write %s: %w", to, err)
	}
	return file.Close()
}
