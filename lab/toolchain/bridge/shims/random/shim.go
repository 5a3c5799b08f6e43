// Package shim gives out the Terraform provider "random", which keeps its package internal: only a module whose path
// starts with the provider's own path may import it.
package shim

import (
	"github.com/hashicorp/terraform-plugin-framework/provider"
	inner "github.com/terraform-providers/terraform-provider-random/internal/provider"
)

func New() provider.Provider { return inner.New() }
