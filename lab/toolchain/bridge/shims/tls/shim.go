// Package shim gives out the Terraform provider "tls"; see the shim of "random".
package shim

import (
	"github.com/hashicorp/terraform-plugin-framework/provider"
	inner "github.com/hashicorp/terraform-provider-tls/internal/provider"
)

func New() provider.Provider { return inner.New() }
