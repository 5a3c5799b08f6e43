// Package common has what local and remote commands share.
package common

import "github.com/pulumi/pulumi-go-provider/infer"

// Lifecycle are the commands of a resource; without `update`, an update runs `create`.
type Lifecycle struct {
	Triggers *[]any  `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Create   *string `pulumi:"create,optional"`
	Update   *string `pulumi:"update,optional"`
	Delete   *string `pulumi:"delete,optional"`
}

// OnUpdate is the command that an update runs, or nil.
func (l Lifecycle) OnUpdate() *string {
	if l.Update != nil {
		return l.Update
	}
	return l.Create
}

// Printed is what the last command printed, each without its last newline.
type Printed struct {
	Stdout string `pulumi:"stdout"`
	Stderr string `pulumi:"stderr"`
}

// Logging says which streams are shown while a command runs, and in the error when it fails.
type Logging string

func (Logging) Values() []infer.EnumValue[Logging] {
	return []infer.EnumValue[Logging]{
		{Value: "stdout", Description: "Capture stdout in logs but not stderr"},
		{Value: "stderr", Description: "Capture stderr in logs but not stdout"},
		{Value: "stdoutAndStderr", Description: "Capture stdout and stderr in logs"},
		{Value: "none", Description: "Capture no logs"},
	}
}

func (l *Logging) shows(stream Logging) bool {
	return l == nil || *l == stream || *l == "stdoutAndStderr"
}
