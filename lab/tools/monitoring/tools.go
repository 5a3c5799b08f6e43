//go:build tools

// Package tools pins the program whose figures of workloads the alerts read.
package tools

import _ "k8s.io/kube-state-metrics/v2"
