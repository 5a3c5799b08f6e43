package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// Endpoint is an SSH server and how to enter it. Times are in seconds.
type Endpoint struct {
	Host               string   `pulumi:"host"`
	Port               *float64 `pulumi:"port,optional"`
	User               *string  `pulumi:"user,optional"`
	Password           *string  `pulumi:"password,optional"`
	PrivateKey         *string  `pulumi:"privateKey,optional"`
	PrivateKeyPassword *string  `pulumi:"privateKeyPassword,optional"`
	AgentSocketPath    *string  `pulumi:"agentSocketPath,optional"`
	HostKey            *string  `pulumi:"hostKey,optional"`
	DialErrorLimit     *int     `pulumi:"dialErrorLimit,optional"`
	PerDialTimeout     *int     `pulumi:"perDialTimeout,optional"`
}

func (e *Endpoint) Annotate(a infer.Annotator) {
	a.SetDefault(&e.Port, 22)
	a.SetDefault(&e.User, "root")
	a.SetDefault(&e.DialErrorLimit, 10)
	a.SetDefault(&e.PerDialTimeout, 15)
}

// ProxyConnection is the way to a bastion host.
type ProxyConnection struct{ Endpoint }

// Connection is the way to the host that a command runs on.
type Connection struct {
	Endpoint
	Proxy *ProxyConnection `pulumi:"proxy,optional"`
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// dial enters the host, by way of the proxy if there is one. The function closes everything that was opened.
func (c *Connection) dial(ctx context.Context) (*ssh.Client, func(), error) {
	if c.Proxy == nil {
		client, err := c.Endpoint.dial(ctx, new(net.Dialer).DialContext)
		return client, func() { client.Close() }, err
	}
	proxy, err := c.Proxy.dial(ctx, new(net.Dialer).DialContext)
	if err != nil {
		return nil, nil, fmt.Errorf("proxy: %w", err)
	}
	client, err := c.Endpoint.dial(ctx, proxy.DialContext)
	if err != nil {
		proxy.Close()
		return nil, nil, err
	}
	return client, func() { client.Close(); proxy.Close() }, nil
}

// dial tries again until the host lets us in or dialErrorLimit errors are exceeded; -1 is without limit.
func (e *Endpoint) dial(ctx context.Context, connect dialer) (*ssh.Client, error) {
	limit := or(e.DialErrorLimit, 10)
	delay := 250 * time.Millisecond
	for failed := 1; ; failed++ {
		client, err := e.try(ctx, connect)
		if err == nil {
			return client, nil
		}
		if failed > limit && limit >= 0 || errors.As(err, new(final)) {
			return nil, fmt.Errorf("cannot enter %s after %d attempt(s) (connection.dialErrorLimit is %d): %w",
				e, failed, limit, err)
		}
		p.GetLogger(ctx).InfoStatusf("%s does not let us in yet (attempt %d): %s", e, failed, err)
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("cannot enter %s: %w; the last error was: %w", e, ctx.Err(), err)
		case <-time.After(delay):
			delay = min(delay*3/2, 10*time.Second)
		}
	}
}

// A final error does not go away by waiting.
type final struct{ error }

// try makes one attempt; perDialTimeout holds for the connection and the handshake together.
func (e *Endpoint) try(ctx context.Context, connect dialer) (*ssh.Client, error) {
	config, done, err := e.config()
	if err != nil {
		return nil, final{err}
	}
	defer done()
	if seconds := or(e.PerDialTimeout, 15); seconds > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
		defer cancel()
	}
	conn, err := connect(ctx, "tcp", e.address())
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	client, channels, requests, err := ssh.NewClientConn(conn, e.address(), config)
	if !stop() && ctx.Err() != nil {
		return nil, fmt.Errorf("the SSH handshake took longer than connection.perDialTimeout: %w", ctx.Err())
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return ssh.NewClient(client, channels, requests), nil
}

// config has the key, the agent's keys and the password, in this order. The function closes the agent's socket.
func (e *Endpoint) config() (*ssh.ClientConfig, func(), error) {
	config := &ssh.ClientConfig{User: or(e.User, "root"), HostKeyCallback: ssh.InsecureIgnoreHostKey()}
	if e.HostKey != nil {
		if err := expect(config, *e.HostKey); err != nil {
			return nil, nil, err
		}
	}
	var signers []ssh.Signer
	if e.PrivateKey != nil {
		signer, err := parseKey(*e.PrivateKey, e.PrivateKeyPassword)
		if err != nil {
			return nil, nil, fmt.Errorf("connection.privateKey: %w", err)
		}
		signers = append(signers, signer)
	}
	done := func() {}
	if socket := or(e.AgentSocketPath, os.Getenv("SSH_AUTH_SOCK")); socket != "" {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			done = func() { conn.Close() }
			if keys, err := agent.NewClient(conn).Signers(); err == nil {
				signers = append(signers, keys...)
			}
		} else if e.AgentSocketPath != nil {
			return nil, nil, fmt.Errorf("connection.agentSocketPath: %w", err)
		}
	}
	if len(signers) > 0 { // one method: a second one of the same kind would never be tried
		config.Auth = append(config.Auth, ssh.PublicKeys(signers...))
	}
	if e.Password != nil {
		config.Auth = append(config.Auth, ssh.Password(*e.Password), ssh.KeyboardInteractive(
			func(_, _ string, questions []string, _ []bool) ([]string, error) {
				return slices.Repeat([]string{*e.Password}, len(questions)), nil
			}))
	}
	return config, done, nil
}

func parseKey(text string, password *string) (ssh.Signer, error) {
	if password != nil {
		return ssh.ParsePrivateKeyWithPassphrase([]byte(text), []byte(*password))
	}
	return ssh.ParsePrivateKey([]byte(text))
}

// expect accepts one host key only: "ssh-ed25519 AAAA...", or a line of known_hosts or of ssh-keyscan.
func expect(config *ssh.ClientConfig, line string) error {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		if _, _, key, _, _, err = ssh.ParseKnownHosts([]byte(line)); err != nil {
			return fmt.Errorf("connection.hostKey is no public key such as \"ssh-ed25519 AAAA...\": %w", err)
		}
	}
	config.HostKeyAlgorithms = []string{key.Type()}
	if key.Type() == ssh.KeyAlgoRSA {
		config.HostKeyAlgorithms = []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSA}
	}
	config.HostKeyCallback = func(host string, _ net.Addr, got ssh.PublicKey) error {
		if string(got.Marshal()) != string(key.Marshal()) {
			return final{fmt.Errorf("the host key is %s, but connection.hostKey expects %s",
				ssh.FingerprintSHA256(got), ssh.FingerprintSHA256(key))}
		}
		return nil
	}
	return nil
}

func (e *Endpoint) address() string {
	return net.JoinHostPort(e.Host, strconv.Itoa(int(or(e.Port, 22))))
}

func (e *Endpoint) String() string { return or(e.User, "root") + "@" + e.address() }

// or is the value that a pointer points to, or the other one.
func or[T any](value *T, other T) T {
	if value == nil {
		return other
	}
	return *value
}
