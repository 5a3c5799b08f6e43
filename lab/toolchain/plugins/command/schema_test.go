package main

import (
	"encoding/json"
	"slices"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
)

// The names are those of npm's @pulumi/command 1.2.1.
func TestNames(t *testing.T) {
	process := slices.Clip([]string{"addPreviousOutputInEnv", "archivePaths", "assetPaths"})
	local := append(process, "create", "delete", "dir", "environment", "interpreter", "logging", "stdin", "triggers", "update")
	remote := []string{"addPreviousOutputInEnv", "connection", "create", "delete", "environment", "logging", "stdin", "triggers", "update"}
	endpoint := slices.Clip([]string{"agentSocketPath", "dialErrorLimit", "host", "hostKey", "password", "perDialTimeout", "port", "privateKey", "privateKeyPassword"})

	response, err := newSubject(t, command).server.GetSchema(p.GetSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	type properties = map[string]any
	var schema struct {
		Resources map[string]struct{ InputProperties properties }
		Functions map[string]struct {
			Inputs struct{ Properties properties }
		}
		Types map[string]struct{ Properties properties }
	}
	if err := json.Unmarshal([]byte(response.Schema), &schema); err != nil {
		t.Fatal(err)
	}
	equal(t, keys(schema.Resources), []string{"command:local:Command", command, copyToRemote})
	equal(t, keys(schema.Resources["command:local:Command"].InputProperties), local)
	equal(t, keys(schema.Resources[command].InputProperties), remote)
	equal(t, keys(schema.Resources[copyToRemote].InputProperties), []string{"connection", "remotePath", "source", "triggers"})
	equal(t, keys(schema.Functions["command:local:run"].Inputs.Properties),
		append(process, "command", "dir", "environment", "interpreter", "logging", "stdin"))
	equal(t, keys(schema.Types["command:remote:Connection"].Properties), append(endpoint, "proxy", "user"))
	equal(t, keys(schema.Types["command:remote:ProxyConnection"].Properties), append(endpoint, "user"))
}
