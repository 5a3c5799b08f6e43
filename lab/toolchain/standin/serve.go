package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// serve opens the program's ports: pages where the real one has them, and elsewhere a port that only accepts.
func (s *situation) serve() []string {
	var problems []string
	if err := s.listenForProbes(); err != nil {
		problems = append(problems, "cannot listen for probes: "+err.Error())
	}
	certificates := &tls.Config{Certificates: []tls.Certificate{s.certificate()}}
	for _, number := range sorted(s.program.Ports) {
		port := s.program.Ports[number]
		if !s.holds(port.When) {
			continue
		}
		listener, err := net.Listen("tcp", ":"+number)
		if err != nil {
			problems = append(problems, fmt.Sprintf("cannot listen on port %s: %s (%s)", number, err, port.At))
			continue
		}
		if port.GRPC && port.TLS {
			server := &http.Server{Handler: http.HandlerFunc(s.refuse), TLSConfig: certificates.Clone(), ReadHeaderTimeout: 10 * time.Second}
			go func() { end([]string{fmt.Sprintf("port %s: %s", number, server.ServeTLS(listener, "", ""))}) }()
			continue
		}
		if port.TLS {
			listener = tls.NewListener(listener, certificates)
		}
		if port.Answers == nil {
			go accept(listener)
			continue
		}
		server := &http.Server{Handler: s.pages(port), ReadHeaderTimeout: 10 * time.Second}
		go func() { end([]string{fmt.Sprintf("port %s: %s", number, server.Serve(listener))}) }()
	}
	return problems
}

// refuse answers every call of gRPC, which is HTTP/2: no such method.
func (s *situation) refuse(response http.ResponseWriter, _ *http.Request) {
	response.Header().Set("Content-Type", "application/grpc")
	response.Header().Set("Grpc-Status", "12")
	response.Header().Set("Grpc-Message", "stand-in for "+s.title())
}

func (s *situation) pages(port *Port) http.Handler {
	return http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		response.Header().Set("Orrery-Stand-In", s.contract.Image)
		response.Header().Set("Content-Type", "text/plain; charset=utf-8")
		status := http.StatusNotFound
		for _, answer := range port.Answers {
			start, wild := strings.CutSuffix(answer.Path, "*")
			if answer.Path == request.URL.Path || wild && strings.HasPrefix(request.URL.Path, start) {
				status = http.StatusOK
			}
		}
		if request.Method != http.MethodGet && request.Method != http.MethodHead {
			status = http.StatusNotImplemented
		}
		response.WriteHeader(status)
		fmt.Fprintf(response, "stand-in for %s\n%s\nThis is not the real program; the lab has no package of it.\n", s.title(), s.contract.About)
	})
}

// accept completes each connection, with its handshake where it is one of TLS, and closes it.
func accept(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer connection.Close()
			_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
			if secured, ok := connection.(*tls.Conn); ok {
				_ = secured.Handshake()
			}
		}()
	}
}

// certificate is a pair of the program's PEM files, or one made now where the real program has its own in the image.
func (s *situation) certificate() tls.Certificate {
	if pair, found := s.mountedPair(); found {
		return pair
	}
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	host, _ := os.Hostname()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "stand-in for " + s.contract.Image},
		DNSNames:     []string{host},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(1, 0, 0),
	}
	certificate, _ := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{certificate}, PrivateKey: key}
}

// mountedPair is a certificate and its key among the program's PEM files.
func (s *situation) mountedPair() (tls.Certificate, bool) {
	for _, certificate := range s.pemFiles() {
		for _, key := range s.pemFiles() {
			if pair, err := tls.LoadX509KeyPair(certificate, key); err == nil {
				return pair, true
			}
		}
	}
	return tls.Certificate{}, false
}

func (s *situation) pemFiles() []string {
	var found []string
	for _, pattern := range sorted(s.program.Files) {
		if s.program.Files[pattern].Format == "pem" {
			found = append(found, filesOf(pattern)...)
		}
	}
	return found
}
