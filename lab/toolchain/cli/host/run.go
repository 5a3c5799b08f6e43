package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A program that ends with this code has told the user what is wrong.
const alreadyReported = 32

// Run runs the program by way of the SDK's own runner.
func (h *host) Run(ctx context.Context, r *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	runner, err := resolve(r.Info.ProgramDirectory, "@pulumi/pulumi/cmd/run")
	if err != nil {
		return nil, err
	}
	args := strings.Fields(option(r.Info, "nodeargs", ""))
	args = append(args, runner, "--monitor", r.MonitorAddress, "--engine", h.engine, "--project", r.Project, "--stack", r.Stack,
		"--organization", r.Organization, "--root-directory", r.Info.RootDirectory, "--pwd", r.Pwd,
		"--parallel", strconv.Itoa(int(r.Parallel)))
	if r.DryRun {
		args = append(args, "--dry-run")
	}
	args = append(append(args, entryPoint(r.Info)), r.Args...)

	config, err := json.Marshal(orEmpty(r.Config))
	if err != nil {
		return nil, err
	}
	secrets, err := json.Marshal(append([]string{}, r.ConfigSecretKeys...))
	if err != nil {
		return nil, err
	}
	program := node(ctx, r.Info.ProgramDirectory, args...)
	program.Env = append(os.Environ(), "PULUMI_CONFIG="+string(config), "PULUMI_CONFIG_SECRET_KEYS="+string(secrets),
		"PULUMI_NODEJS_TYPESCRIPT="+option(r.Info, "typescript", "true"))
	if tsconfig := option(r.Info, "tsconfig", ""); tsconfig != "" {
		program.Env = append(program.Env, "PULUMI_NODEJS_TSCONFIG_PATH="+tsconfig)
	}
	program.Stdout, program.Stderr = os.Stdout, os.Stderr

	var ended *exec.ExitError
	switch err := program.Run(); {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case !errors.As(err, &ended):
		return nil, fmt.Errorf("the program cannot be run: %w", err)
	case ended.ExitCode() == alreadyReported:
		return &pulumirpc.RunResponse{Bail: true}, nil
	default:
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("the program ended with %s", ended)}, nil
	}
}

// RunPlugin runs a policy pack out of its folder.
func (*host) RunPlugin(r *pulumirpc.RunPluginRequest, stream pulumirpc.LanguageRuntime_RunPluginServer) error {
	if r.Kind != "analyzer" {
		return status.Errorf(codes.Unimplemented, "this language host runs policy packs only, no plugin of kind %s", r.Kind)
	}
	runner, err := resolve(r.Info.ProgramDirectory, "@pulumi/pulumi/cmd/run-policy-pack")
	if err != nil {
		return err
	}
	pack := node(stream.Context(), r.Info.ProgramDirectory, append(append([]string{runner}, r.Args...), ".")...)
	pack.Env = append(os.Environ(), r.Env...)
	var mu sync.Mutex
	send := func(response *pulumirpc.RunPluginResponse) error {
		mu.Lock()
		defer mu.Unlock()
		return stream.Send(response)
	}
	pack.Stdout = writer(func(text []byte) error {
		return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: text}})
	})
	pack.Stderr = writer(func(text []byte) error {
		return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stderr{Stderr: text}})
	})
	if err := pack.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		return fmt.Errorf("the policy pack in %s cannot be run: %w", r.Info.ProgramDirectory, err)
	}
	return send(&pulumirpc.RunPluginResponse{
		Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: int32(pack.ProcessState.ExitCode())},
	})
}

// node is the `node` on PATH, asked to end in good order when the engine cancels.
func node(ctx context.Context, folder string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, "node", args...)
	command.Dir = folder
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	return command
}

// resolve finds a module as a program in the folder would.
func resolve(folder, module string) (string, error) {
	find := exec.Command("node", "-p", fmt.Sprintf("require.resolve('%s')", module))
	find.Dir = folder
	path, err := find.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return "", status.Error(codes.FailedPrecondition, "node is not on PATH")
	} else if err != nil {
		return "", status.Errorf(codes.FailedPrecondition, "%s has no %s: run npm install", folder, module)
	}
	return strings.TrimSpace(string(path)), nil
}

// option is a runtime option of the project file as text.
func option(info *pulumirpc.ProgramInfo, name, otherwise string) string {
	if value, ok := info.GetOptions().GetFields()[name]; ok {
		return fmt.Sprint(value.AsInterface())
	}
	return otherwise
}

func entryPoint(info *pulumirpc.ProgramInfo) string {
	if info.EntryPoint == "" {
		return "."
	}
	return info.EntryPoint
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

type writer func([]byte) error

func (w writer) Write(text []byte) (int, error) { return len(text), w(append([]byte(nil), text...)) }
