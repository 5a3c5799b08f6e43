//go:build tools

// Package tools pins Let's Encrypt's test server.
package tools

import _ "github.com/letsencrypt/pebble/v2/cmd/pebble"
