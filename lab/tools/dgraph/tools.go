//go:build tools

// Package tools pins the oldest Dgraph that is a Go module and is still to be had.
package tools

import _ "github.com/dgraph-io/dgraph/dgraph"
