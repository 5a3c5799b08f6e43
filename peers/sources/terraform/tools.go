//go:build tools

// Package tools pins OpenStack's provider, and what its acceptance tests import besides.
package tools

import (
	_ "github.com/hashicorp/terraform-plugin-sdk/v2/helper/resource"
	_ "github.com/stretchr/testify/assert"
	_ "github.com/terraform-provider-openstack/terraform-provider-openstack/openstack"
)
