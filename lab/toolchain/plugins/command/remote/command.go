// Package remote has the commands and copies that go to another host by SSH.
package remote

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"orrery/toolchain/plugins/command/common"
)

// Command runs a command on another host on create, update and delete.
type Command struct{}

type CommandArgs struct {
	common.Lifecycle
	Connection             *Connection       `pulumi:"connection" provider:"secret"`
	Environment            map[string]string `pulumi:"environment,optional"`
	Stdin                  *string           `pulumi:"stdin,optional"`
	Logging                *common.Logging   `pulumi:"logging,optional"`
	AddPreviousOutputInEnv *bool             `pulumi:"addPreviousOutputInEnv,optional"`
}

func (c *CommandArgs) Annotate(a infer.Annotator) { a.SetDefault(&c.AddPreviousOutputInEnv, true) }

type CommandState struct {
	CommandArgs
	common.Printed
}

var (
	_ infer.CustomUpdate[CommandArgs, CommandState]         = (*Command)(nil)
	_ infer.CustomDelete[CommandState]                      = (*Command)(nil)
	_ infer.ExplicitDependencies[CommandArgs, CommandState] = (*Command)(nil)
)

// WireDependencies: the output follows from everything but the connection.
func (*Command) WireDependencies(f infer.FieldSelector, args *CommandArgs, state *CommandState) {
	for _, output := range []any{&state.Stdout, &state.Stderr} {
		f.OutputField(output).DependsOn(
			f.InputField(&args.Triggers).Computed(), f.InputField(&args.Create).Computed(),
			f.InputField(&args.Update).Computed(), f.InputField(&args.Delete).Computed(),
			f.InputField(&args.Environment).Computed(), f.InputField(&args.Stdin).Computed(),
			f.InputField(&args.Logging).Computed(), f.InputField(&args.AddPreviousOutputInEnv).Computed(),
		)
	}
}

func (*Command) Create(ctx context.Context, r infer.CreateRequest[CommandArgs]) (infer.CreateResponse[CommandState], error) {
	id, err := resource.NewUniqueHex(r.Name, 8, 0)
	response := infer.CreateResponse[CommandState]{ID: id, Output: CommandState{CommandArgs: r.Inputs}}
	if err == nil && !r.DryRun {
		err = response.Output.run(ctx, r.Inputs.Create)
	}
	return response, err
}

// Update keeps a new connection for the next command; it runs something only when something else changed too. Triggers
// do not count: their change replaces the resource, and assets among them differ in the state (it has only the hash).
func (*Command) Update(ctx context.Context, r infer.UpdateRequest[CommandArgs, CommandState]) (infer.UpdateResponse[CommandState], error) {
	response := infer.UpdateResponse[CommandState]{Output: CommandState{CommandArgs: r.Inputs, Printed: r.State.Printed}}
	before, after := r.State.CommandArgs, r.Inputs
	before.Connection, after.Connection = nil, nil
	before.Triggers, after.Triggers = nil, nil
	if r.DryRun || reflect.DeepEqual(before, after) {
		return response, nil
	}
	return response, response.Output.run(ctx, r.Inputs.OnUpdate())
}

func (*Command) Delete(ctx context.Context, r infer.DeleteRequest[CommandState]) (infer.DeleteResponse, error) {
	return infer.DeleteResponse{}, r.State.run(ctx, r.State.CommandArgs.Delete)
}

// run puts what the command prints in place of the previous output, which is kept when it fails.
func (s *CommandState) run(ctx context.Context, command *string) error {
	if command == nil {
		return nil
	}
	client, disconnect, err := s.Connection.dial(ctx)
	if err != nil {
		return err
	}
	defer disconnect()
	defer context.AfterFunc(ctx, disconnect)() // a time-out ends a command that hangs
	session, err := client.NewSession()
	if err != nil {
		return err
	}
	defer session.Close()
	for name, value := range s.Environment {
		if err := session.Setenv(name, value); err != nil {
			return fmt.Errorf("environment.%s: the SSH server does not take this variable (%w); "+
				"name it in AcceptEnv of its sshd_config, or write VAR=value before the command", name, err)
		}
	}
	if s.AddPreviousOutputInEnv == nil || *s.AddPreviousOutputInEnv {
		for name, value := range map[string]string{"PULUMI_COMMAND_STDOUT": s.Stdout, "PULUMI_COMMAND_STDERR": s.Stderr} {
			if value != "" && session.Setenv(name, value) != nil {
				p.GetLogger(ctx).Warningf("the SSH server does not take %s: name it in AcceptEnv of its sshd_config", name)
			}
		}
	}
	if s.Stdin != nil {
		session.Stdin = strings.NewReader(*s.Stdin)
	}
	capture := common.NewCapture(ctx, s.Logging)
	session.Stdout, session.Stderr = capture.Stdout, capture.Stderr
	printed, err := capture.Done(session.Run(*command))
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", ctx.Err(), err)
		}
		return err
	}
	s.Printed = printed
	return nil
}
