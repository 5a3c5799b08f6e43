package main

import (
	"os"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/archive"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

const copyToRemote = "command:remote:CopyToRemote"

func file(t *testing.T, name string) property.Value {
	t.Helper()
	a, err := asset.FromPath(name)
	if err != nil {
		t.Fatal(err)
	}
	return property.New(a)
}

func content(t *testing.T, content string) property.Value {
	t.Helper()
	a, err := asset.FromText(content)
	if err != nil {
		t.Fatal(err)
	}
	return property.New(a)
}

func folder(t *testing.T, name string) property.Value {
	t.Helper()
	a, err := archive.FromPath(name)
	if err != nil {
		t.Fatal(err)
	}
	return property.New(a)
}

func TestCopy(t *testing.T) {
	s, host, from, to := newSubject(t, copyToRemote), startSshd(t, "host"), t.TempDir(), t.TempDir()
	write(t, from+"/tree/a", "A")
	write(t, from+"/tree/sub/b", "B")
	os.MkdirAll(to+"/there", 0o755)
	for _, c := range []struct {
		source           property.Value
		path, file, want string
	}{
		{file(t, from+"/tree/a"), "/new/parents/x", "/new/parents/x", "A"},
		{file(t, from+"/tree/a"), "/there", "/there/a", "A"},
		{file(t, from+"/tree/sub/b"), "/there/a", "/there/a", "B"},
		{content(t, "text"), "/there/t", "/there/t", "text"},
		{folder(t, from+"/tree"), "/there", "/there/tree/sub/b", "B"},
		{folder(t, from+"/tree/"), "/flat", "/flat/sub/b", "B"},
		{folder(t, from+"/tree"), "/fresh", "/fresh/tree/a", "A"},
	} {
		s.mustCreate(s.check(props{"connection": host.connection["connection"], "source": c.source, "remotePath": text(to + c.path)}))
		equal(t, read(t, to+c.file), c.want)
	}
	for path, source := range map[string]property.Value{"/there/t": folder(t, from+"/tree"), "/there": content(t, "x")} {
		_, err := s.create(s.check(props{"connection": host.connection["connection"], "source": source, "remotePath": text(to + path)}))
		fails(t, err, to+path)
	}
}

func TestCopyAgainOnlyWhenTheContentChanged(t *testing.T) {
	s, host, dir := newSubject(t, copyToRemote), startSshd(t, "host"), t.TempDir()
	inputs := s.check(props{"connection": host.connection["connection"], "source": content(t, "one"), "remotePath": text(dir + "/f")})
	state := s.mustCreate(inputs)
	write(t, dir+"/f", "by hand")
	state = s.mustUpdate(state, with(inputs, props{"connection": host.to(map[string]any{"dialErrorLimit": 3})}))
	equal(t, read(t, dir+"/f"), "by hand")
	state = s.mustUpdate(state, with(inputs, props{"source": content(t, "two")}))
	equal(t, read(t, dir+"/f"), "two")
	s.mustUpdate(state, with(inputs, props{"source": content(t, "two"), "remotePath": text(dir + "/g")}))
	equal(t, read(t, dir+"/g"), "two")
	s.mustDelete(state)
	equal(t, read(t, dir+"/f"), "two")
}

func TestCopyRefusesOtherSources(t *testing.T) {
	s := newSubject(t, copyToRemote)
	remote := &asset.Asset{Sig: asset.AssetSig, URI: "https://example.org/x"}
	inputs := props{"connection": object(props{"host": text("h")}), "remotePath": text("/x"), "source": property.New(remote)}
	r, err := s.server.Check(p.CheckRequest{Urn: s.urn, Inputs: property.NewMap(inputs)})
	if err != nil || len(r.Failures) != 1 || r.Failures[0].Property != "source" {
		t.Fatal(err, r.Failures)
	}
}

func TestCopyInPreview(t *testing.T) {
	s := newSubject(t, copyToRemote)
	for known, source := range map[bool]property.Value{true: content(t, "x"), false: property.New(property.Computed)} {
		inputs := s.check(props{"connection": object(props{"host": text("h")}), "remotePath": text("/x"), "source": source})
		r, err := s.server.Create(p.CreateRequest{Urn: s.urn, Properties: inputs, DryRun: true})
		if got := r.Properties.Get("source"); err != nil || got.HasComputed() == known || !r.Properties.Get("connection").Secret() {
			t.Fatal(err, got)
		}
	}
}
