// Program node is a Kubernetes node's own processes: `node kubelet|proxy ...`.
package main

import (
	"fmt"
	"os"

	"k8s.io/component-base/cli"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
)

func main() {
	name := ""
	if len(os.Args) > 1 {
		name = os.Args[1]
		os.Args = os.Args[1:]
	}
	switch name {
	case "kubelet":
		os.Exit(cli.Run(newKubelet()))
	case "proxy":
		os.Exit(cli.Run(proxy.NewProxyCommand()))
	}
	fmt.Fprintln(os.Stderr, "usage: node kubelet|proxy ...")
	os.Exit(2)
}
