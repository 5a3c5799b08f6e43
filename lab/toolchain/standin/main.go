// Command standin takes the place of a program that no package has. It checks that its container has what the real program
// reads, as the contract of its image says, serves the real one's ports and says everywhere that it is not the real program.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const contractFile = "/etc/orrery/contract.json"

// How long peers and the cluster's API may take to answer; containers of a system start in any order. A rollout that cannot work is to be
// said within a minute.
const patience = 45 * time.Second

func main() {
	if len(os.Args) == 3 && filepath.Base(os.Args[0]) == "standin" && os.Args[1] == "check" {
		check(os.Args[2])
		return
	}
	before := len(os.Args) > 2 && filepath.Base(os.Args[0]) == "standin" && os.Args[1] == "before"
	contract, err := loadContract(contractFile)
	if err != nil {
		fmt.Fprintln(os.Stderr, "stand-in:", err)
		os.Exit(1)
	}
	container := containerName()
	if before {
		checkBefore(contract, os.Args[2:], container)
		return
	}
	if isProbe() {
		os.Exit(askMain(container))
	}
	fmt.Printf("stand-in for %s: this is not the real program, it only checks what that one reads\n", contract.Image)
	program, err := contract.choose(os.Args, container)
	if err != nil {
		end([]string{err.Error()})
	}
	s := &situation{contract: contract, program: program, args: os.Args, container: container}
	violations := s.static()
	if len(violations) > 0 {
		end(violations)
	}
	if !program.Ends {
		if violations = s.serve(); len(violations) > 0 {
			end(violations)
		}
	}
	if violations = s.reach(time.Now().Add(patience)); len(violations) > 0 {
		end(violations)
	}
	fmt.Printf("stand-in for %s: the contract of %s holds\n", contract.Image, s.title())
	if program.Ends {
		return
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	<-stop
}

// checkBefore checks a container in which a real program starts next, with this command line; a probe's call is not checked.
func checkBefore(contract *Contract, args []string, container string) {
	if isProbe() {
		return
	}
	program, err := contract.choose(args, container)
	if err != nil {
		end([]string{err.Error()})
	}
	s := &situation{contract: contract, program: program, args: args, container: container}
	if violations := s.static(); len(violations) > 0 {
		end(violations)
	}
}

// check is for the build of an image: it ends with 1 if a contract cannot be read or has a form that is none here.
func check(file string) {
	contract, err := loadContract(file)
	if err == nil {
		err = contract.checkForms()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s\n", file, err)
		os.Exit(1)
	}
}

// static runs the checks that need nobody else.
func (s *situation) static() []string {
	var all []string
	for _, check := range []func() []string{s.variables, s.files, s.commandLine, s.folders, s.runtime} {
		all = append(all, check()...)
	}
	return all
}

// end prints a line for each violation, also where the kubelet reads a container's last words, and exits.
func end(violations []string) {
	for index, violation := range violations {
		violations[index] = "violation: " + violation
	}
	text := strings.Join(violations, "\n") + "\n"
	fmt.Fprint(os.Stderr, text)
	// Without the file there is nobody to read it.
	_ = os.WriteFile("/dev/termination-log", []byte(text), 0o644)
	os.Exit(1)
}
