package main

import (
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"gopkg.in/yaml.v3"
)

// variables checks that required variables are set, that forbidden ones are not, and every value's form. It prints no value.
func (s *situation) variables() []string {
	var problems []string
	for _, name := range sorted(s.program.Variables) {
		spec := s.program.Variables[name]
		if _, set := os.LookupEnv(name); spec.Required && !set && s.holds(spec.When) {
			problems = append(problems, fmt.Sprintf("variable %s is required and missing (%s)", name, spec.At))
		}
	}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		spec := s.variable(name)
		if spec == nil {
			continue // the kubelet and the image set variables, too
		}
		if spec.Never != "" {
			problems = append(problems, fmt.Sprintf("variable %s must not be set: %s", name, spec.Never))
		}
		if spec.Form != "" && (value != "" || spec.Required) && !matches(spec.Form, value) {
			problems = append(problems, fmt.Sprintf("variable %s does not have the form %s (%s)", name, spec.Form, spec.At))
		}
	}
	return problems
}

func (s *situation) variable(name string) *Variable {
	if spec := s.program.Variables[name]; spec != nil {
		return spec
	}
	for pattern, spec := range s.program.Variables {
		if start, wild := strings.CutSuffix(pattern, "*"); wild && strings.HasPrefix(name, start) {
			return spec
		}
	}
	return nil
}

// files opens the files that the program opens, as its user, and checks their content. It prints no content.
func (s *situation) files() []string {
	var problems []string
	for _, pattern := range sorted(s.program.Files) {
		spec := s.program.Files[pattern]
		found := filesOf(pattern)
		if len(found) == 0 && spec.Required && s.holds(spec.When) {
			problems = append(problems, fmt.Sprintf("file %s is required and missing (%s)", pattern, spec.At))
		}
		for _, file := range found {
			if spec.Unread != "" {
				continue
			}
			if problem := contentProblem(file, spec); problem != "" {
				problems = append(problems, fmt.Sprintf("file %s %s (%s)", file, problem, spec.At))
			}
		}
	}
	return problems
}

func contentProblem(file string, spec *File) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "cannot be read: " + reason(err)
	}
	if spec.Form != "" && !matches("(?m)"+spec.Form, string(text)) {
		return "does not have the form " + spec.Form
	}
	switch spec.Format {
	case "pem":
		if block, _ := pem.Decode(text); block == nil {
			return "is not PEM"
		}
	case "xml":
		for decoder := xml.NewDecoder(strings.NewReader(string(text))); ; {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return "is not XML"
			}
		}
	case "json":
		if !json.Valid(text) {
			return "is not JSON"
		}
	case "ini":
		if !matches(`(?m)^\[[^\]]+\]`, string(text)) {
			return "has no section"
		}
	}
	if spec.Format == "yaml" || spec.Format == "json" {
		var content any
		if yaml.Unmarshal(text, &content) != nil {
			return "is not " + strings.ToUpper(spec.Format)
		}
		for _, key := range spec.Keys.Required {
			if !hasKey(content, strings.Split(key, ".")) {
				return "lacks the key " + key
			}
		}
	}
	return ""
}

// hasKey is whether a dotted path is there; * is any member or item.
func hasKey(content any, path []string) bool {
	if len(path) == 0 {
		return true
	}
	members := map[string]any{}
	switch value := content.(type) {
	case map[string]any:
		members = value
	case []any:
		for index, item := range value {
			members[fmt.Sprint(index)] = item
		}
	}
	for name, member := range members {
		if (path[0] == "*" || path[0] == name) && hasKey(member, path[1:]) {
			return true
		}
	}
	return false
}

// filesOf are the files that a path stands for: * is part of a segment, ** any number of segments below mounted folders.
func filesOf(pattern string) []string {
	if !strings.Contains(pattern, "*") {
		if _, err := os.Stat(pattern); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return []string{pattern}
	}
	quoted := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*\*`, ".*")
	form := regexp.MustCompile("^" + strings.ReplaceAll(quoted, `\*`, "[^/]*") + "$")
	var found []string
	for _, mount := range mounts() {
		_ = filepath.WalkDir(mount, func(file string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() && strings.HasPrefix(entry.Name(), "..") {
				return fs.SkipDir // a projected volume's own folders
			}
			if err == nil && !entry.IsDir() && form.MatchString(file) {
				found = append(found, file)
			}
			return nil
		})
	}
	return found
}

// mounts are the folders and files that the pod mounts.
func mounts() []string {
	text, _ := os.ReadFile("/proc/self/mountinfo")
	var found []string
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if at := fields[4]; at != "/" && !matches(`^/(proc|sys|dev)(/|$)`, at) {
			found = append(found, at)
		}
	}
	return found
}

func sorted[T any](members map[string]T) []string {
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// reason is an error without the path, which the message has already.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
