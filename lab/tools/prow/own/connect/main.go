// Command connect is what Debian's nginx lacks: it takes CONNECT, leads names that it is given to an nginx that answers in their
// place, and others where they want to go. Everything else it hands to nginx.
package main

import (
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
)

func main() {
	listen := flag.String("listen", ":3128", "where clients ask")
	tls := flag.String("tls", "", "address of the nginx that answers for the names")
	plain := flag.String("plain", "", "URL of the nginx that answers what is not CONNECT")
	names := flag.String("names", "", "names, with spaces between them")
	dial := flag.Duration("dial", time.Minute, "how long the other side may take to answer")
	idle := flag.Duration("idle", time.Minute, "how long a tunnel may be silent")
	flag.Parse()
	to, err := url.Parse(*plain)
	if err != nil {
		log.Fatal(err)
	}
	own := map[string]bool{}
	for _, name := range strings.Fields(*names) {
		own[name] = true
	}
	other := httputil.NewSingleHostReverseProxy(to)
	handler := func(answer http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodConnect {
			other.ServeHTTP(answer, request)
			return
		}
		address := request.Host
		if host, _, err := net.SplitHostPort(address); err == nil && own[host] {
			address = *tls
		}
		tunnel(answer, address, *dial, *idle)
	}
	server := &http.Server{Addr: *listen, Handler: http.HandlerFunc(handler), ReadHeaderTimeout: 30 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func tunnel(answer http.ResponseWriter, address string, dial, idle time.Duration) {
	there, err := net.DialTimeout("tcp", address, dial)
	if err != nil {
		http.Error(answer, err.Error(), http.StatusBadGateway)
		return
	}
	defer there.Close()
	hijacker, can := answer.(http.Hijacker)
	if !can {
		http.Error(answer, "the connection cannot be taken over", http.StatusInternalServerError)
		return
	}
	here, buffered, err := hijacker.Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	if _, err := io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	done := make(chan struct{}, 2)
	both := []net.Conn{here, there}
	go move(there, buffered, both, idle, done)
	go move(here, there, both, idle, done)
	<-done
	<-done
}

// move copies until the sender has said all or neither side has said anything for a while, and tells the receiver so.
func move(to net.Conn, from io.Reader, both []net.Conn, idle time.Duration, done chan<- struct{}) {
	part := make([]byte, 32<<10)
	for {
		for _, side := range both {
			_ = side.SetDeadline(time.Now().Add(idle))
		}
		count, err := from.Read(part)
		if _, failed := to.Write(part[:count]); err != nil || failed != nil {
			break
		}
	}
	if half, can := to.(*net.TCPConn); can {
		_ = half.CloseWrite()
	}
	done <- struct{}{}
}
