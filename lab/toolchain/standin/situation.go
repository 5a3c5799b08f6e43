package main

import (
	"os"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// situation is the container in which the stand-in runs, with the contract of its program.
type situation struct {
	contract  *Contract
	program   *Program
	args      []string
	container string
}

func (s *situation) title() string {
	if s.program.Name == "" {
		return s.contract.Image
	}
	return s.contract.Image + " (" + s.program.Name + ")"
}

// holds is whether a condition holds; nil always does.
func (s *situation) holds(condition *Condition) bool {
	if condition == nil {
		return true
	}
	fits := func(value string, found bool) bool {
		if !found {
			return false
		}
		if condition.Form == "" {
			return value != ""
		}
		return matches(condition.Form, value)
	}
	if condition.Variable != "" && !fits(os.LookupEnv(condition.Variable)) {
		return false
	}
	if condition.Flag != "" && !fits(first(s.flagValues(condition.Flag))) {
		return false
	}
	return condition.File == "" || fits(keyOfFile(condition.File, condition.Key))
}

func first(values []string) (string, bool) {
	if len(values) == 0 {
		return "", false
	}
	return values[0], true
}

// flagValues are a flag's values on the command line: after =, or the next word.
func (s *situation) flagValues(flag string) []string {
	var values []string
	for index, word := range s.args {
		if value, found := strings.CutPrefix(word, flag+"="); found {
			values = append(values, value)
		} else if word == flag {
			value := "true"
			if index+1 < len(s.args) && !strings.HasPrefix(s.args[index+1], "-") {
				value = s.args[index+1]
			}
			values = append(values, value)
		}
	}
	return values
}

var reference = regexp.MustCompile(`\$\{([^}]+)\}`)

// filled replaces ${VARIABLE}, ${--flag} and ${FILE KEY}; false if one of them has no value.
func (s *situation) filled(text string) (string, bool) {
	complete := true
	result := reference.ReplaceAllStringFunc(text, func(whole string) string {
		name := whole[2 : len(whole)-1]
		var value string
		var found bool
		switch {
		case strings.HasPrefix(name, "/"):
			file, key, _ := strings.Cut(name, " ")
			value, found = keyOfFile(file, key)
		case strings.HasPrefix(name, "-"):
			value, found = first(s.flagValues(name))
		default:
			value, found = os.LookupEnv(name)
		}
		complete = complete && found
		return value
	})
	return result, complete
}

// keyOfFile is the text of a file, or of a dotted key in it (YAML or JSON).
func keyOfFile(file, key string) (string, bool) {
	text, err := os.ReadFile(file)
	if err != nil || key == "" {
		return string(text), err == nil
	}
	var content any
	if yaml.Unmarshal(text, &content) != nil {
		return "", false
	}
	for part := range strings.SplitSeq(key, ".") {
		object, ok := content.(map[string]any)
		if !ok {
			return "", false
		}
		if content, ok = object[part]; !ok {
			return "", false
		}
	}
	if value, ok := content.(string); ok {
		return value, true
	}
	written, err := yaml.Marshal(content)
	return strings.TrimSpace(string(written)), err == nil
}
