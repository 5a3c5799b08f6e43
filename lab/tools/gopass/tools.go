//go:build tools

// Package tools pins gopass.
package tools

import _ "github.com/gopasspw/gopass"
