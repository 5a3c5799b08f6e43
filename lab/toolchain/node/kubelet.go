package main

import (
	"context"
	"strconv"

	machine "github.com/google/cadvisor/info/v1"
	"github.com/spf13/cobra"
	genericapiserver "k8s.io/apiserver/pkg/server"
	features "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/component-base/logs"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/cmd/kubelet/app"
	"k8s.io/kubernetes/cmd/kubelet/app/options"
	"k8s.io/kubernetes/pkg/kubelet/cadvisor"
	"k8s.io/kubernetes/pkg/kubelet/kubeletconfig/configfiles"
	"k8s.io/kubernetes/pkg/util/filesystem"
)

// newKubelet is the official kubelet with two more flags: the processors and the memory that the node offers to the
// scheduler, so that a small machine takes the pods of a whole cluster. Eviction goes by the memory that there is.
func newKubelet() *cobra.Command {
	flags := options.NewKubeletFlags()
	command := &cobra.Command{Use: "kubelet", SilenceUsage: true, Args: cobra.NoArgs}
	flags.AddFlags(command.Flags())
	processors := command.Flags().Int("processors", 0, "processors to offer; 0 offers those of the machine")
	memory := command.Flags().Uint64("memory", 0, "bytes of memory to offer; 0 offers what the machine has")
	verbosity := command.Flags().Int("v", 0, "verbosity of the log")
	command.RunE = func(*cobra.Command, []string) error {
		loader, err := configfiles.NewFsLoader(&filesystem.DefaultFs{}, flags.KubeletConfigFile)
		if err != nil {
			return err
		}
		config, err := loader.Load(context.Background())
		if err != nil {
			return err
		}
		if err := features.DefaultMutableFeatureGate.SetFromMap(config.FeatureGates); err != nil {
			return err
		}
		logs.InitLogs()
		var level klog.Level
		if err := level.Set(strconv.Itoa(*verbosity)); err != nil {
			return err
		}
		ctx := genericapiserver.SetupSignalContext()
		server := &options.KubeletServer{KubeletFlags: *flags, KubeletConfiguration: *config}
		deps, err := app.UnsecuredDependencies(ctx, server, features.DefaultFeatureGate)
		if err != nil {
			return err
		}
		if *processors > 0 || *memory > 0 {
			endpoint := config.ContainerRuntimeEndpoint
			// "/kubepods": the control groups whose statistics are kept, as the kubelet asks for them itself.
			found, err := cadvisor.New(klog.FromContext(ctx), cadvisor.NewImageFsInfoProvider(endpoint), flags.RootDirectory,
				[]string{"/kubepods"}, cadvisor.UsingLegacyCadvisorStats(endpoint), config.LocalStorageCapacityIsolation)
			if err != nil {
				return err
			}
			deps.CAdvisorInterface = offer{found, *processors, *memory}
		}
		return app.Run(ctx, server, deps, features.DefaultFeatureGate)
	}
	return command
}

// offer replaces what is not 0.
type offer struct {
	cadvisor.Interface
	processors int
	memory     uint64
}

// MachineInfo leaves the topology as it is: containers run on the processors that exist.
func (o offer) MachineInfo() (*machine.MachineInfo, error) {
	info, err := o.Interface.MachineInfo()
	if err != nil {
		return nil, err
	}
	info = info.Clone()
	if o.processors > 0 {
		info.NumCores = o.processors
	}
	if o.memory > 0 {
		info.MemoryCapacity = o.memory
	}
	return info, nil
}
