//go:build tools

// Package tools pins OpenTofu, which the benchmark compares with.
package tools

import _ "github.com/opentofu/opentofu/cmd/tofu"
