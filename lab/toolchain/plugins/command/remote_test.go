package main

import (
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

const command = "command:remote:Command"

func TestRemoteLifecycle(t *testing.T) {
	s, host, dir := newSubject(t, command), startSshd(t, "host"), t.TempDir()
	inputs := with(s.check(host.connection), props{
		"create": text("cat; echo $GREETING from $WHO >&2"), "update": text("echo after $PULUMI_COMMAND_STDOUT"),
		"delete": text("echo $PULUMI_COMMAND_STDOUT > " + dir + "/gone"),
		"stdin":  text("hello"), "environment": object(props{"GREETING": text("hi")}),
	})
	state := s.mustCreate(inputs)
	equal(t, state.Get("stdout").AsString()+"/"+state.Get("stderr").AsString(), "hello/hi from host")
	state = s.mustUpdate(state, with(inputs, props{"stdin": text("changed")}))
	equal(t, state.Get("stdout").AsString(), "after hello")
	s.mustDelete(state)
	equal(t, read(t, dir+"/gone"), "after hello\n")
}

func TestRemoteDefaultsAndSecrets(t *testing.T) {
	s := newSubject(t, command)
	inputs := s.check(props{"create": text("true"), "connection": object(props{"host": text("h"), "proxy": object(props{"host": text("b")})})})
	connection := inputs.Get("connection")
	equal(t, connection.Secret(), true)
	for _, m := range []property.Map{connection.AsMap(), connection.AsMap().Get("proxy").AsMap()} {
		equal(t, []any{m.Get("port").AsNumber(), m.Get("user").AsString(), m.Get("dialErrorLimit").AsNumber(), m.Get("perDialTimeout").AsNumber()},
			[]any{22, "root", 10, 15})
	}
	r, err := s.server.Create(p.CreateRequest{Urn: s.urn, Properties: inputs, DryRun: true})
	if stdout := r.Properties.Get("stdout"); err != nil || !stdout.IsComputed() || stdout.HasSecrets() {
		t.Fatal(err, stdout)
	}
	unknown := with(inputs, props{"connection": object(props{"host": property.New(property.Computed)})})
	if _, err := s.server.Create(p.CreateRequest{Urn: s.urn, Properties: unknown, DryRun: true}); err != nil {
		t.Fatal(err)
	}
}

func TestRemoteConnectionAloneRunsNothing(t *testing.T) {
	s, one, two, dir := newSubject(t, command), startSshd(t, "one"), startSshd(t, "two"), t.TempDir()
	write(t, dir+"/trigger", "x")
	triggers := property.New(property.NewArray([]property.Value{file(t, dir+"/trigger")}))
	inputs := with(s.check(one.connection), props{"triggers": triggers, "create": text("echo $WHO | tee -a " + dir + "/ran"), "delete": text("echo bye $WHO >> " + dir + "/ran")})
	state := s.mustCreate(inputs)
	moved := with(inputs, props{"connection": s.check(two.connection).Get("connection")})

	diff, err := s.server.Diff(p.DiffRequest{Urn: s.urn, State: state, OldInputs: inputs, Inputs: moved})
	if err != nil || !diff.HasChanges {
		t.Fatal("a new connection has to reach the state", err)
	}
	for name, change := range diff.DetailedDiff {
		if !strings.HasPrefix(name, "connection") || change.Kind != p.Update {
			t.Fatal(name, change)
		}
	}
	preview, err := s.server.Update(p.UpdateRequest{Urn: s.urn, State: state, Inputs: moved, DryRun: true})
	if err != nil || preview.Properties.Get("stdout").IsComputed() {
		t.Fatal("the output stays known in a preview", err)
	}
	state = s.mustUpdate(state, moved)
	equal(t, state.Get("stdout").AsString(), "one")
	s.mustDelete(state)
	equal(t, read(t, dir+"/ran"), "one\nbye two\n")

	diff, err = s.server.Diff(p.DiffRequest{Urn: s.urn, State: state, OldInputs: moved, Inputs: moved})
	if err != nil || diff.HasChanges {
		t.Fatal("nothing changed", err, diff)
	}
}

func TestRemoteProxy(t *testing.T) {
	s, host, bastion := newSubject(t, command), startSshd(t, "host"), startSshd(t, "bastion")
	behind := host.to(map[string]any{"proxy": object(bastion.endpoint)})
	state := s.mustCreate(with(s.check(props{"connection": behind}), props{"create": text("echo $WHO $SSH_CONNECTION")}))
	equal(t, strings.Fields(state.Get("stdout").AsString())[0], "host")

	_, wrong, _ := newKey(t, "")
	inputs := s.check(props{"create": text("true"), "connection": host.to(map[string]any{"proxy": bastion.to(map[string]any{"hostKey": wrong})})})
	_, err := s.create(inputs)
	fails(t, err, "proxy: cannot enter", "connection.hostKey expects")
	inputs = s.check(props{"create": text("true"), "connection": host.to(map[string]any{
		"port": freePort(t), "dialErrorLimit": 0, "proxy": object(bastion.endpoint),
	})})
	_, err = s.create(inputs)
	fails(t, err, "after 1 attempt(s)")
}

func TestRemoteHostKey(t *testing.T) {
	s, host := newSubject(t, command), startSshd(t, "host")
	for _, line := range []string{host.hostKey, "host.example " + host.hostKey} {
		s.mustCreate(s.check(props{"create": text("true"), "connection": host.to(map[string]any{"hostKey": line})}))
	}
	_, other, _ := newKey(t, "")
	for line, want := range map[string]string{other: "after 1 attempt(s)", "nonsense": "connection.hostKey is no public key"} {
		_, err := s.create(s.check(props{"create": text("true"), "connection": host.to(map[string]any{"hostKey": line})}))
		fails(t, err, want)
	}
}

func TestRemoteWaysIn(t *testing.T) {
	s, host := newSubject(t, command), startSshd(t, "host")
	create := func(changes map[string]any) error {
		_, err := s.create(s.check(props{"create": text("true"), "connection": host.to(changes)}))
		return err
	}
	raw, err := ssh.ParseRawPrivateKey([]byte(host.private))
	if err != nil {
		t.Fatal(err)
	}
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(deref(raw), "", []byte("open sesame"))
	if err != nil {
		t.Fatal(err)
	}
	if err := create(map[string]any{"privateKey": pemText(locked), "privateKeyPassword": "open sesame"}); err != nil {
		t.Fatal(err)
	}
	fails(t, create(map[string]any{"privateKey": pemText(locked)}), "connection.privateKey", "after 1 attempt(s)")

	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: raw}); err != nil {
		t.Fatal(err)
	}
	socket := t.TempDir() + "/agent"
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
			go agent.ServeAgent(ring, conn)
		}
	}()
	stranger, _, _ := newKey(t, "")
	if err := create(map[string]any{"privateKey": stranger, "agentSocketPath": socket}); err != nil {
		t.Fatal(err)
	}
	fails(t, create(map[string]any{"privateKey": stranger, "dialErrorLimit": 1}), "after 2 attempt(s)", "unable to authenticate")
}

func TestRemotePassword(t *testing.T) {
	private, _, _ := newKey(t, "")
	signer, err := ssh.ParsePrivateKey([]byte(private))
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{PasswordCallback: func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
		if c.User() == "joe" && string(password) == "pw" {
			return nil, nil
		}
		return nil, fmt.Errorf("no")
	}}
	config.AddHostKey(signer)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go serve(listener, config)
	s := newSubject(t, command)
	inputs := s.check(props{"create": text("whatever"), "connection": object(props{
		"host": text("127.0.0.1"), "port": property.New(float64(listener.Addr().(*net.TCPAddr).Port)), "user": text("joe"), "password": text("pw"),
	})})
	equal(t, s.mustCreate(inputs).Get("stdout").AsString(), "welcome")
}

func TestRemoteUnreachable(t *testing.T) {
	s, port := newSubject(t, command), freePort(t)
	connection := func(port int, limit float64) props {
		return props{"create": text("true"), "connection": object(props{
			"host": text("127.0.0.1"), "port": property.New(float64(port)), "dialErrorLimit": property.New(limit), "perDialTimeout": property.New(1.0),
		})}
	}
	within(t, 10*time.Second, func() {
		_, err := s.create(s.check(connection(port, 2)))
		fails(t, err, fmt.Sprintf("cannot enter root@127.0.0.1:%d after 3 attempt(s)", port), "connection refused")
	})
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	within(t, 10*time.Second, func() {
		_, err := s.create(s.check(connection(silent.Addr().(*net.TCPAddr).Port, 1)))
		fails(t, err, "after 2 attempt(s)", "connection.perDialTimeout")
	})
	within(t, 10*time.Second, func() {
		_, err := s.server.Create(p.CreateRequest{Urn: s.urn, Properties: s.check(connection(port, -1)), Timeout: 1})
		fails(t, err, "deadline exceeded", "connection refused")
	})
}

func TestRemoteFailures(t *testing.T) {
	s, host := newSubject(t, command), startSshd(t, "host")
	inputs := s.check(host.connection)
	_, err := s.create(with(inputs, props{"create": text("echo why >&2; exit 4")}))
	fails(t, err, "exited with status 4", "why")
	_, err = s.create(with(inputs, props{"create": text("true"), "environment": object(props{"OTHER": text("x")})}))
	fails(t, err, "environment.OTHER", "AcceptEnv")
	within(t, 10*time.Second, func() {
		_, err := s.server.Create(p.CreateRequest{Urn: s.urn, Properties: with(inputs, props{"create": text("sleep 60")}), Timeout: 1})
		fails(t, err, "deadline exceeded")
	})
}

// serve says "welcome" to whatever is asked.
func serve(listener net.Listener, config *ssh.ServerConfig) {
	for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
		_, channels, requests, err := ssh.NewServerConn(conn, config)
		if err != nil {
			continue
		}
		go ssh.DiscardRequests(requests)
		for offer := range channels {
			channel, asked, err := offer.Accept()
			if err != nil {
				break
			}
			for request := range asked {
				request.Reply(true, nil)
				io.WriteString(channel, "welcome\n")
				channel.SendRequest("exit-status", false, make([]byte, 4))
				channel.Close()
			}
		}
	}
}

func TestMain(m *testing.M) {
	os.Unsetenv("SSH_AUTH_SOCK")
	os.Exit(m.Run())
}

func deref(key any) any {
	if pointer, ok := key.(*ed25519.PrivateKey); ok {
		return *pointer
	}
	return key
}

func pemText(block *pem.Block) string { return string(pem.EncodeToMemory(block)) }
