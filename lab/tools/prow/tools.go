//go:build tools

// Package tools names the programs of Prow that are built, so that `go mod tidy` keeps what they need.
package tools

import (
	_ "sigs.k8s.io/prow/cmd/checkconfig"
	_ "sigs.k8s.io/prow/cmd/deck"
	_ "sigs.k8s.io/prow/cmd/hook"
)
