package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// reach connects to the peers inside the cluster and asks its API for the program's rights, until all answer or the deadline.
func (s *situation) reach(deadline time.Time) []string {
	open := s.targets()
	for {
		var problems []string
		var left []target
		for _, one := range open {
			if err := one.connect(s); err != nil {
				left = append(left, one)
				problems = append(problems, fmt.Sprintf("cannot reach %s: %s (%s)", one.address, err, one.peer.At))
			} else {
				fmt.Printf("stand-in for %s: reached %s\n", s.contract.Image, one.address)
			}
		}
		problems = append(problems, s.rights()...)
		if len(problems) == 0 || time.Now().After(deadline) {
			return problems
		}
		open = left
		time.Sleep(2 * time.Second)
	}
}

type target struct {
	peer          *Peer
	host, address string
}

// targets are the peers that are inside the cluster. What is outside is said and not tried: the lab has no way out.
func (s *situation) targets() []target {
	var found []target
	for _, peer := range s.program.Peers {
		value, complete := s.filled(peer.To)
		if peer.To == "world" || peer.To == "api" || peer.Protocol == "UDP" || !complete || value == "" || !s.holds(peer.When) {
			continue
		}
		host, port := hostAndPort(value)
		numbers := peer.Port
		if len(numbers) == 0 && port != "" {
			var number int
			fmt.Sscan(port, &number)
			numbers = ports{number}
		}
		for _, number := range numbers {
			address := net.JoinHostPort(host, fmt.Sprint(number))
			if !inside(host) {
				fmt.Printf("stand-in for %s: %s is outside the cluster, not tried\n", s.contract.Image, address)
				continue
			}
			found = append(found, target{peer, host, address})
		}
	}
	return found
}

func (t target) connect(s *situation) error {
	dialer := &net.Dialer{Timeout: 3 * time.Second}
	if !t.peer.TLS {
		connection, err := dialer.Dial("tcp", t.address)
		if err == nil {
			connection.Close()
		}
		return err
	}
	config := &tls.Config{ServerName: t.host, RootCAs: s.authorities(), MinVersion: tls.VersionTLS12}
	config.InsecureSkipVerify = config.RootCAs == nil // its authority is in the real image
	if pair, found := s.mountedPair(); found {
		config.Certificates = []tls.Certificate{pair}
	}
	connection, err := tls.DialWithDialer(dialer, "tcp", t.address, config)
	if err == nil {
		connection.Close()
	}
	return err
}

// authorities are the certificates of the program's files that are called ca; nil without one.
func (s *situation) authorities() *x509.CertPool {
	var pool *x509.CertPool
	for _, file := range s.pemFiles() {
		if text, err := os.ReadFile(file); err == nil && matches(`(^|[-_.])ca[-_.]`, filepath.Base(file)) {
			if pool == nil {
				pool = x509.NewCertPool()
			}
			pool.AppendCertsFromPEM(text)
		}
	}
	return pool
}

// inside is whether a host is a Service's name or a pod's; of two labels the second may be a namespace or a domain.
func inside(host string) bool {
	labels := strings.Split(host, ".")
	switch {
	case net.ParseIP(host) != nil:
		return false
	case len(labels) == 1 || labels[len(labels)-1] == "svc" || strings.HasSuffix(host, ".svc.cluster.local"):
		return true
	case len(labels) == 2:
		_, err := net.LookupHost(host + ".svc.cluster.local")
		return err == nil
	}
	return false
}

var (
	schemed   = regexp.MustCompile(`(?s)^(?:([a-z][a-z0-9+.-]*)://)?(.*)$`)
	hosted    = regexp.MustCompile(`^(?:[^@/]*@)?(\[[^\]]*\]|[^:/?#,;]*)(?::(\d+))?`)
	portNames = map[string]string{
		"http": "80", "https": "443", "redis": "6379", "rediss": "6379", "postgres": "5432", "postgresql": "5432", "amqps": "5671",
	}
)

// hostAndPort takes a URL, a connection string or host[:port] apart.
func hostAndPort(value string) (host, port string) {
	parts := schemed.FindStringSubmatch(value)
	found := hosted.FindStringSubmatch(parts[2])
	scheme, _, _ := strings.Cut(parts[1], "+")
	if found[2] == "" {
		return found[1], portNames[scheme]
	}
	return found[1], found[2]
}
