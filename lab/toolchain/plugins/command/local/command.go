// Package local has the commands that run where the plugin runs.
package local

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"orrery/toolchain/plugins/command/common"
)

// Command runs a command of its own on create, update and delete.
type Command struct{}

type CommandArgs struct {
	common.Lifecycle
	Process
}

type CommandState struct {
	CommandArgs
	Result
}

var (
	_ infer.CustomUpdate[CommandArgs, CommandState] = (*Command)(nil)
	_ infer.CustomDelete[CommandState]              = (*Command)(nil)
)

func (*Command) Create(ctx context.Context, r infer.CreateRequest[CommandArgs]) (infer.CreateResponse[CommandState], error) {
	id, err := resource.NewUniqueHex(r.Name, 8, 0)
	response := infer.CreateResponse[CommandState]{ID: id, Output: CommandState{CommandArgs: r.Inputs}}
	if err == nil && !r.DryRun {
		err = response.Output.run(ctx, r.Inputs.Create)
	}
	return response, err
}

func (*Command) Update(ctx context.Context, r infer.UpdateRequest[CommandArgs, CommandState]) (infer.UpdateResponse[CommandState], error) {
	response := infer.UpdateResponse[CommandState]{Output: CommandState{CommandArgs: r.Inputs, Result: r.State.Result}}
	if r.DryRun {
		return response, nil
	}
	return response, response.Output.run(ctx, r.Inputs.OnUpdate())
}

func (*Command) Delete(ctx context.Context, r infer.DeleteRequest[CommandState]) (infer.DeleteResponse, error) {
	return infer.DeleteResponse{}, r.State.run(ctx, r.State.CommandArgs.Delete)
}

func (s *CommandState) run(ctx context.Context, command *string) error {
	if command == nil {
		return nil
	}
	return s.Process.run(ctx, *command, &s.Result)
}

// Run is the function `run`: a command at every evaluation of the program.
type Run struct{}

type RunArgs struct {
	Process
	Command string `pulumi:"command"`
}

type RunResult struct {
	RunArgs
	Result
}

func (*Run) Invoke(ctx context.Context, r infer.FunctionRequest[RunArgs]) (infer.FunctionResponse[RunResult], error) {
	result := RunResult{RunArgs: r.Input}
	err := r.Input.run(ctx, r.Input.Command, &result.Result)
	return infer.FunctionResponse[RunResult]{Output: result}, err
}
