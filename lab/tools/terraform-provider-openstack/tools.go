//go:build tools

// Package tools pins OpenStack's provider, at the version that Pulumi's plugin is made of.
package tools

import _ "github.com/terraform-provider-openstack/terraform-provider-openstack"
