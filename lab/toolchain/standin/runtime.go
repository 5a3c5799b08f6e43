package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// commandLine checks flags and words as contracts/check/commands.ts does.
func (s *situation) commandLine() []string {
	entry := s.contract.Entry
	own := len(entry) > 0 && s.args[0] == entry[0]
	if !own && len(s.program.Flags) == 0 && s.program.Words == "" {
		return nil // a script's own command, of which the contract says nothing
	}
	rest := s.args[1:]
	if own && len(s.args) >= len(entry) && strings.Join(s.args[:len(entry)], "\x00") == strings.Join(entry, "\x00") {
		rest = s.args[len(entry):]
		if len(rest) == 0 {
			return s.flagValuesProblems()
		}
	}
	var problems, words []string
	for index := 0; index < len(rest); index++ {
		word := rest[index]
		if !strings.HasPrefix(word, "-") || word == "-" || word == "--" {
			words = append(words, word)
			continue
		}
		name, _, joined := strings.Cut(word, "=")
		spec := s.program.Flags[name]
		if spec == nil {
			problems = append(problems, fmt.Sprintf("flag %s is not known", name))
		} else if spec.Separate && !joined {
			index++
		}
	}
	if !matches("^(?:"+s.program.Words+")$", strings.Join(words, " ")) {
		problems = append(problems, fmt.Sprintf("words %q do not have the form %q", strings.Join(words, " "), s.program.Words))
	}
	return append(problems, s.flagValuesProblems()...)
}

func (s *situation) flagValuesProblems() []string {
	var problems []string
	for _, name := range sorted(s.program.Flags) {
		spec, values := s.program.Flags[name], s.flagValues(name)
		if spec.Required && len(values) == 0 {
			problems = append(problems, fmt.Sprintf("flag %s is required and missing (%s)", name, spec.At))
		}
		for _, value := range values {
			if spec.Form != "" && !matches(spec.Form, value) {
				problems = append(problems, fmt.Sprintf("flag %s=%s does not have the form %s (%s)", name, value, spec.Form, spec.At))
			}
			if _, err := os.Stat(value); spec.File && err != nil {
				problems = append(problems, fmt.Sprintf("flag %s=%s: %s (%s)", name, value, reason(err), spec.At))
			}
		}
	}
	return problems
}

// folders writes a file into each folder that the program writes into, and tries to in those that it only reads.
func (s *situation) folders() []string {
	var problems []string
	for _, write := range s.program.Writes {
		if !s.holds(write.When) {
			continue
		}
		err := writable(write.Path)
		if err != nil {
			problems = append(problems, fmt.Sprintf("folder %s cannot be written to: %s (%s)", write.Path, reason(err), write.At))
		}
	}
	for _, read := range s.program.Reads {
		if _, err := os.Stat(read.Path); err == nil && s.holds(read.When) && writable(read.Path) == nil {
			problems = append(problems, fmt.Sprintf("folder %s must not be writable (%s)", read.Path, read.At))
		}
	}
	return problems
}

// writable writes and removes a file in a folder, which it makes if it is missing; a file is only opened.
func writable(folder string) error {
	if found, err := os.Stat(folder); err == nil && !found.IsDir() {
		file, err := os.OpenFile(folder, os.O_WRONLY|os.O_APPEND, 0)
		if err == nil {
			file.Close()
		}
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(folder, ".stand-in-")
	if err != nil {
		return err
	}
	file.Close()
	return os.Remove(file.Name())
}

// Bits of capabilities, from the kernel's capability.h.
var capabilityBits = map[string]uint{
	"CHOWN": 0, "DAC_OVERRIDE": 1, "FOWNER": 3, "KILL": 5, "SETGID": 6, "SETUID": 7, "NET_BIND_SERVICE": 10, "NET_ADMIN": 12,
	"NET_RAW": 13, "SYS_CHROOT": 18, "SYS_ADMIN": 21,
}

var effective = regexp.MustCompile(`(?m)^CapEff:\s+([0-9a-f]+)$`)

// runtime checks the user, capabilities, memory and the account's token.
func (s *situation) runtime() []string {
	var problems []string
	if user := s.program.User; user != nil && user.Root && os.Getuid() != 0 {
		problems = append(problems, fmt.Sprintf("must run as root, and runs as %d (%s)", os.Getuid(), user.At))
	}
	status, _ := os.ReadFile("/proc/self/status")
	var held uint64
	if found := effective.FindSubmatch(status); found != nil {
		held, _ = strconv.ParseUint(string(found[1]), 16, 64)
	}
	for _, name := range s.program.Capabilities {
		bit, known := capabilityBits[name]
		if !known {
			problems = append(problems, fmt.Sprintf("capability %s is not known to the stand-in; add it to capabilityBits", name))
		} else if held&(1<<bit) == 0 {
			problems = append(problems, fmt.Sprintf("capability %s is required and not held", name))
		}
	}
	if memory := s.program.Memory; memory != nil {
		if limit, limited := memoryLimit(); limited && limit < bytesOf(memory.AtLeast) {
			problems = append(problems, fmt.Sprintf("memory limit %d is below %s (%s)", limit, memory.AtLeast, memory.At))
		}
	}
	if _, err := os.Stat(filepath.Join(account, "token")); err != nil && s.usesToken() {
		problems = append(problems, "uses its account's token, which is not mounted")
	}
	return problems
}

// memoryLimit is the container's limit in bytes; false without one.
func memoryLimit() (int64, bool) {
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if text, err := os.ReadFile(file); err == nil {
			limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
			return limit, err == nil
		}
	}
	return 0, false
}

var quantity = regexp.MustCompile(`^([0-9.]+)(Ki|Mi|Gi|k|M|G)?$`)
var units = map[string]float64{"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}

// bytesOf is a Kubernetes quantity in bytes; 0 for what is none.
func bytesOf(text string) int64 {
	found := quantity.FindStringSubmatch(text)
	if found == nil {
		return 0
	}
	number, _ := strconv.ParseFloat(found[1], 64)
	return int64(number * units[found[2]])
}
