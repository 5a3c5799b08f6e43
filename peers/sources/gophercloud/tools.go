//go:build tools

// Package tools pins gophercloud, and what its acceptance tests import besides.
package tools

import (
	_ "github.com/gophercloud/gophercloud"
	_ "golang.org/x/crypto/ssh"
)
