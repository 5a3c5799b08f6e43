//go:build tools

// Package tools keeps kwok among this module's requirements. It needs a binary of its own: inside the multi-call
// program its context and flags collide with those of the Kubernetes components.
package tools

import _ "sigs.k8s.io/kwok/cmd/kwok"
