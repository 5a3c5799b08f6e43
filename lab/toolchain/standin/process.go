package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// isProbe is whether the kubelet started this process in a running container: it then does not descend from process 1.
func isProbe() bool {
	for pid := os.Getpid(); ; {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return false
		}
		text := string(stat)
		fields := strings.Fields(text[strings.LastIndex(text, ")")+1:])
		parent, _ := strconv.Atoi(fields[1])
		if parent == 0 {
			return pid != 1
		}
		pid = parent
	}
}

var mountOfContainer = regexp.MustCompile(`/containers/([^/]+)/\S+ /dev/termination-log `)

// containerName is the container's name in its pod, or "": the kubelet mounts a file from a folder of that name.
func containerName() string {
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	if found := mountOfContainer.FindSubmatch(mounts); found != nil {
		return string(found[1])
	}
	return ""
}

// socketOf is the abstract socket of a container's stand-in; the containers of a pod share these names.
func socketOf(container string) string {
	return "@orrery-stand-in-" + container
}

// listenForProbes lets the commands of probes ask this process whether the contract holds.
func (s *situation) listenForProbes() error {
	listener, err := net.Listen("unix", socketOf(s.container))
	if err != nil {
		return err
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			fmt.Fprintf(connection, "stand-in for %s", s.contract.Image)
			connection.Close()
		}
	}()
	return nil
}

// askMain is the exit code of a probe's command: 0 while the container's stand-in serves. It prints the line by which Celery
// names a worker that answers.
func askMain(container string) int {
	connection, err := net.DialTimeout("unix", socketOf(container), 5*time.Second)
	if err != nil {
		fmt.Fprintln(os.Stderr, "stand-in: the container's program does not serve")
		return 1
	}
	answer, _ := io.ReadAll(connection)
	host, _ := os.Hostname()
	fmt.Printf("->  %s: OK (%s)\n", host, answer)
	return 0
}
