//go:build tools

// Package tools names the programs of Prow that are built, so that `go mod tidy` keeps what they need.
package tools

import (
	_ "sigs.k8s.io/prow/cmd/branchprotector"
	_ "sigs.k8s.io/prow/cmd/checkconfig"
	_ "sigs.k8s.io/prow/cmd/clonerefs"
	_ "sigs.k8s.io/prow/cmd/crier"
	_ "sigs.k8s.io/prow/cmd/deck"
	_ "sigs.k8s.io/prow/cmd/entrypoint"
	_ "sigs.k8s.io/prow/cmd/exporter"
	_ "sigs.k8s.io/prow/cmd/external-plugins/cherrypicker"
	_ "sigs.k8s.io/prow/cmd/external-plugins/needs-rebase"
	_ "sigs.k8s.io/prow/cmd/ghproxy"
	_ "sigs.k8s.io/prow/cmd/hook"
	_ "sigs.k8s.io/prow/cmd/horologium"
	_ "sigs.k8s.io/prow/cmd/initupload"
	_ "sigs.k8s.io/prow/cmd/prow-controller-manager"
	_ "sigs.k8s.io/prow/cmd/sidecar"
	_ "sigs.k8s.io/prow/cmd/sinker"
	_ "sigs.k8s.io/prow/cmd/status-reconciler"
	_ "sigs.k8s.io/prow/cmd/tide"
)
