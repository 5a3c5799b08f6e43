package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/blang/semver"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"golang.org/x/crypto/ssh"
)

type props = map[string]property.Value

var text = property.New[string]

func object(m props) property.Value { return property.New(property.NewMap(m)) }

// with is a copy of m with some values replaced.
func with(m property.Map, changes props) property.Map {
	for name, value := range changes {
		m = m.Set(name, value)
	}
	return m
}

// wire brings values into the form that they have after the way between engine and plugin.
func wire(t *testing.T, m property.Map) property.Map {
	t.Helper()
	options := plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true}
	sent, err := plugin.MarshalProperties(resource.ToResourcePropertyMap(m), options)
	if err != nil {
		t.Fatal(err)
	}
	received, err := plugin.UnmarshalProperties(sent, options)
	if err != nil {
		t.Fatal(err)
	}
	return resource.FromResourcePropertyMap(received)
}

// subject is one resource under test, driven as the engine drives it.
type subject struct {
	t      *testing.T
	server integration.Server
	urn    resource.URN
}

func newSubject(t *testing.T, token string) subject {
	t.Helper()
	server, err := integration.NewServer(t.Context(), "command", semver.MustParse("1.2.1"), integration.WithProvider(provider()))
	if err != nil {
		t.Fatal(err)
	}
	return subject{t, server, resource.NewURN("test", "test", "", tokens.Type(token), "it")}
}

func (s subject) check(inputs props) property.Map {
	s.t.Helper()
	r, err := s.server.Check(p.CheckRequest{Urn: s.urn, Inputs: property.NewMap(inputs)})
	if err != nil || len(r.Failures) > 0 {
		s.t.Fatal(err, r.Failures)
	}
	return wire(s.t, r.Inputs)
}

func (s subject) create(inputs property.Map) (property.Map, error) {
	r, err := s.server.Create(p.CreateRequest{Urn: s.urn, Properties: inputs})
	return wire(s.t, r.Properties), err
}

func (s subject) mustCreate(inputs property.Map) property.Map {
	s.t.Helper()
	state, err := s.create(inputs)
	if err != nil {
		s.t.Fatal(err)
	}
	return state
}

func (s subject) mustUpdate(state, inputs property.Map) property.Map {
	s.t.Helper()
	r, err := s.server.Update(p.UpdateRequest{ID: "it", Urn: s.urn, State: state, Inputs: inputs})
	if err != nil {
		s.t.Fatal(err)
	}
	return wire(s.t, r.Properties)
}

func (s subject) mustDelete(state property.Map) {
	s.t.Helper()
	if err := s.server.Delete(p.DeleteRequest{ID: "it", Urn: s.urn, Properties: state}); err != nil {
		s.t.Fatal(err)
	}
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("got %q, want %q", fmt.Sprint(got), fmt.Sprint(want))
	}
}

func fails(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Fatalf("the error is %q, without %q", err, part)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// newKey is a private key, as PEM, and the public one, as a line of authorized_keys.
func newKey(t *testing.T, password string) (private, public string, key ed25519.PrivateKey) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if password != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(password))
	}
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block)), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey()))), key
}

// sshd is an OpenSSH server of its own; WHO in its sessions is its name.
type sshd struct {
	port                 int
	hostKey, private     string
	connection, endpoint props
}

func startSshd(t *testing.T, name string) sshd {
	t.Helper()
	program, err := exec.LookPath("/usr/sbin/sshd")
	if err != nil {
		t.Fatal("these tests need an OpenSSH server: apt-get install openssh-server")
	}
	dir := t.TempDir()
	hostPrivate, hostKey, _ := newKey(t, "")
	private, public, _ := newKey(t, "")
	s := sshd{port: freePort(t), hostKey: hostKey, private: private}
	write(t, dir+"/host", hostPrivate)
	write(t, dir+"/authorized", public)
	write(t, dir+"/config", fmt.Sprintf("Port %d\nListenAddress 127.0.0.1\nHostKey %s/host\nAuthorizedKeysFile %s/authorized\n"+
		"PidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nAcceptEnv GREETING PULUMI_COMMAND_*\n"+
		"SetEnv WHO=%s\nSubsystem sftp internal-sftp\n", s.port, dir, dir, name))
	os.Chmod(dir+"/host", 0o600)
	os.MkdirAll("/run/sshd", 0o755)
	server := exec.Command(program, "-D", "-e", "-f", dir+"/config")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	s.endpoint = props{
		"host": text("127.0.0.1"), "port": property.New(float64(s.port)), "user": text(os.Getenv("USER")),
		"privateKey": text(private), "hostKey": text(hostKey),
	}
	if os.Getenv("USER") == "" {
		s.endpoint["user"] = text("root")
	}
	s.connection = props{"connection": object(s.endpoint)}
	for range 100 {
		if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port)); err == nil {
			conn.Close()
			return s
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("sshd does not answer")
	return s
}

// to is this server's connection with some settings replaced; with nil, left out.
func (s sshd) to(changes map[string]any) property.Value {
	m := property.NewMap(s.endpoint)
	for name, value := range changes {
		switch value := value.(type) {
		case nil:
			m = m.Delete(name)
		case string:
			m = m.Set(name, text(value))
		case int:
			m = m.Set(name, property.New(float64(value)))
		case property.Value:
			m = m.Set(name, value)
		}
	}
	return property.New(m)
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func within(t *testing.T, limit time.Duration, what func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	done := make(chan struct{})
	go func() { defer close(done); what() }()
	select {
	case <-done:
	case <-ctx.Done():
		t.Fatalf("took longer than %s", limit)
	}
}
