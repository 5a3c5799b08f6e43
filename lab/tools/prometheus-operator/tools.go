//go:build tools

// Package tools pins the operator whose kinds the monitors and alerts are.
package tools

import _ "github.com/prometheus-operator/prometheus-operator/pkg/versionutil"
