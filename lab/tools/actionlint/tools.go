//go:build tools

// Package tools pins the reader of GitHub's workflow files.
package tools

import _ "github.com/rhysd/actionlint/cmd/actionlint"
