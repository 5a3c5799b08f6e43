package common

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	p "github.com/pulumi/pulumi-go-provider"
)

// Capture keeps what a command prints and shows it line by line on the way, as far as `logging` allows.
type Capture struct {
	Stdout, Stderr io.Writer

	mu             sync.Mutex
	stdout, stderr bytes.Buffer
	shown, line    bytes.Buffer
	log            p.Logger
}

func NewCapture(ctx context.Context, logging *Logging) *Capture {
	c := &Capture{log: p.GetLogger(ctx)}
	c.Stdout = stream{c, &c.stdout, logging.shows("stdout")}
	c.Stderr = stream{c, &c.stderr, logging.shows("stderr")}
	return c
}

// Done takes the command's end. The error has what was shown, but not the command: its text may hold secrets.
func (c *Capture) Done(err error) (Printed, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.line.Len() > 0 {
		c.log.InfoStatus(c.line.String())
	}
	if err != nil && c.shown.Len() > 0 {
		err = fmt.Errorf("%w: the command printed:\n%s", err, c.shown.String())
	}
	trim := func(b *bytes.Buffer) string { return strings.TrimSuffix(b.String(), "\n") }
	return Printed{trim(&c.stdout), trim(&c.stderr)}, err
}

type stream struct {
	*Capture
	to   *bytes.Buffer
	show bool
}

func (s stream) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.show {
		s.shown.Write(text)
		s.line.Write(text)
		for {
			line, rest, found := bytes.Cut(s.line.Bytes(), []byte("\n"))
			if !found {
				break
			}
			s.log.InfoStatus(string(line))
			rest = bytes.Clone(rest)
			s.line.Reset()
			s.line.Write(rest)
		}
	}
	return s.to.Write(text)
}
