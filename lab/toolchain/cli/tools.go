//go:build tools

// Package tools keeps the Pulumi CLI among this module's requirements; it is built from its own package path.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
