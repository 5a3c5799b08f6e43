package main

import (
	"os"
	"slices"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

func TestLocalLifecycle(t *testing.T) {
	s, dir := newSubject(t, "command:local:Command"), t.TempDir()
	inputs := s.check(props{
		"create": text("cat; echo $NAME in $(basename $PWD) >&2"), "update": text("echo after $PULUMI_COMMAND_STDOUT"),
		"delete": text("echo $PULUMI_COMMAND_STDOUT > gone"), "dir": text(dir),
		"stdin": text("hello"), "environment": object(props{"NAME": text("me")}),
	})
	equal(t, inputs.Get("addPreviousOutputInEnv").AsBool(), true)
	state := s.mustCreate(inputs)
	equal(t, state.Get("stdout").AsString(), "hello")
	equal(t, state.Get("stderr").AsString()[:6], "me in ")
	state = s.mustUpdate(state, inputs)
	equal(t, state.Get("stdout").AsString(), "after hello")
	s.mustDelete(state)
	equal(t, read(t, dir+"/gone"), "after hello\n")
}

func TestLocalUpdateWithoutUpdateRunsCreate(t *testing.T) {
	s := newSubject(t, "command:local:Command")
	inputs := s.check(props{"create": text("echo [$PULUMI_COMMAND_STDOUT]")})
	state := s.mustUpdate(s.mustCreate(inputs), inputs)
	equal(t, state.Get("stdout").AsString(), "[[]]")
	state = s.mustUpdate(state, with(inputs, props{"addPreviousOutputInEnv": property.New(false)}))
	equal(t, state.Get("stdout").AsString(), "[]")
}

func TestLocalNothingToRun(t *testing.T) {
	s := newSubject(t, "command:local:Command")
	state := s.mustCreate(s.check(props{"delete": text("true")}))
	equal(t, state.Get("stdout").AsString(), "")
	s.mustDelete(s.mustCreate(s.check(props{"create": text("true")})))
}

func TestLocalPreviewRunsNothing(t *testing.T) {
	s, file := newSubject(t, "command:local:Command"), t.TempDir()+"/made"
	inputs := s.check(props{"create": text("touch " + file)})
	r, err := s.server.Create(p.CreateRequest{Urn: s.urn, Properties: inputs, DryRun: true})
	if _, missing := os.Stat(file); err != nil || !os.IsNotExist(missing) || !r.Properties.Get("stdout").IsComputed() {
		t.Fatal(err, missing, r.Properties)
	}
}

func TestLocalFailureShowsWhatLoggingAllows(t *testing.T) {
	s := newSubject(t, "command:local:Command")
	inputs := s.check(props{"create": text("echo out; echo err >&2; exit 3 # hidden")})
	for logging, want := range map[string]string{
		"stdout": "exit status 3: the command printed:\nout\n", "stderr": "exit status 3: the command printed:\nerr\n", "none": "exit status 3",
	} {
		_, err := s.create(with(inputs, props{"logging": text(logging)}))
		equal(t, err, want)
	}
	_, err := s.create(inputs)
	fails(t, err, "out\n", "err\n")
}

func TestLocalInterpreterAndTimeout(t *testing.T) {
	s := newSubject(t, "command:local:Command")
	interpreter := property.New(property.NewArray([]property.Value{text("/bin/echo"), text("-n")}))
	equal(t, s.mustCreate(s.check(props{"create": text("a b"), "interpreter": interpreter})).Get("stdout").AsString(), "a b")
	_, err := s.server.Create(p.CreateRequest{Urn: s.urn, Properties: s.check(props{"create": text("exec sleep 60")}), Timeout: 1})
	fails(t, err, "killed")
}

func TestLocalFiles(t *testing.T) {
	s, dir := newSubject(t, "command:local:Command"), t.TempDir()
	paths := property.New(property.NewArray([]property.Value{text("assets/**"), text("src/**.js"), text("!**secret.*")}))
	state := s.mustCreate(s.check(props{
		"create": text("mkdir -p assets/logos src; touch assets/logos/logo.svg src/index.js src/secret.js other"),
		"dir":    text(dir), "assetPaths": paths, "archivePaths": paths,
	}))
	want := []string{"assets/logos/logo.svg", "src/index.js"}
	equal(t, keys(state.Get("assets").AsMap().AsMap()), want)
	equal(t, state.Get("assets").AsMap().Get("src/index.js").AsAsset().Path, dir+"/src/index.js")
	equal(t, keys(state.Get("archive").AsArchive().Assets), want)
}

func TestLocalRun(t *testing.T) {
	s := newSubject(t, "command:local:Command")
	r, err := s.server.Invoke(p.InvokeRequest{Token: "command:local:run", Args: property.NewMap(props{"command": text("echo hi")})})
	if err != nil || len(r.Failures) > 0 {
		t.Fatal(err, r.Failures)
	}
	equal(t, r.Return.Get("stdout").AsString(), "hi")
	equal(t, r.Return.Get("command").AsString(), "echo hi")
}

func keys[T any](m map[string]T) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
