// A plugin with the resources and the behaviour of @pulumi/command 1.2.1, whose own module cannot be had.
package main

import (
	"context"
	"fmt"
	"os"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"orrery/toolchain/plugins/command/local"
	"orrery/toolchain/plugins/command/remote"
)

func main() {
	if err := p.RunProvider(context.Background(), "command", "1.2.1", provider()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func provider() p.Provider {
	return infer.Provider(infer.Options{
		Resources: []infer.InferredResource{
			infer.Resource(&local.Command{}), infer.Resource(&remote.Command{}), infer.Resource(&remote.CopyToRemote{}),
		},
		Functions: []infer.InferredFunction{infer.Function(&local.Run{})},
	})
}
