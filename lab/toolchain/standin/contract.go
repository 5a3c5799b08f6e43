package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// Contract is what the lab writes into an image: the contract's programs, each with the common parts.
type Contract struct {
	Image    string     `json:"image"`
	About    string     `json:"about"`
	Entry    []string   `json:"entry"`
	Programs []*Program `json:"programs"`
}

// Program is one of the programs in an image; contracts/check/format.ts describes the fields.
type Program struct {
	Name         string               `json:"name"`
	When         When                 `json:"when"`
	Ends         bool                 `json:"ends"`
	Variables    map[string]*Variable `json:"variables"`
	Files        map[string]*File     `json:"files"`
	Flags        map[string]*Flag     `json:"flags"`
	Words        string               `json:"words"`
	Ports        map[string]*Port     `json:"ports"`
	Writes       []*Write             `json:"writes"`
	Reads        []*Read              `json:"reads"`
	User         *User                `json:"user"`
	Capabilities []string             `json:"capabilities"`
	Memory       *Memory              `json:"memory"`
	Peers        []*Peer              `json:"peers"`
	Token        *bool                `json:"token"`
	Permissions  []*Permission        `json:"permissions"`
}

type When struct {
	Command   string            `json:"command"`
	Variables map[string]string `json:"variables"`
	Container string            `json:"container"`
}

type Condition struct {
	Variable string `json:"variable"`
	Flag     string `json:"flag"`
	File     string `json:"file"`
	Key      string `json:"key"`
	Form     string `json:"form"`
}

type Variable struct {
	Required bool       `json:"required"`
	Form     string     `json:"form"`
	When     *Condition `json:"when"`
	Never    string     `json:"never"`
	At       string     `json:"at"`
}

type File struct {
	Required bool       `json:"required"`
	When     *Condition `json:"when"`
	Format   string     `json:"format"`
	Form     string     `json:"form"`
	Unread   string     `json:"unread"`
	At       string     `json:"at"`
	Keys     struct {
		Required []string `json:"required"`
	} `json:"keys"`
}

type Flag struct {
	Required bool   `json:"required"`
	Form     string `json:"form"`
	Separate bool   `json:"separate"`
	File     bool   `json:"file"`
	At       string `json:"at"`
}

type Port struct {
	When    *Condition `json:"when"`
	Answers []struct {
		Path string `json:"path"`
	} `json:"answers"`
	TLS  bool   `json:"tls"`
	GRPC bool   `json:"grpc"`
	At   string `json:"at"`
}

type Write struct {
	Path string     `json:"path"`
	When *Condition `json:"when"`
	At   string     `json:"at"`
}

type Read struct {
	Path string     `json:"path"`
	When *Condition `json:"when"`
	At   string     `json:"at"`
}

type User struct {
	Root bool   `json:"root"`
	At   string `json:"at"`
}

type Memory struct {
	AtLeast string `json:"atLeast"`
	At      string `json:"at"`
}

type Peer struct {
	To       string     `json:"to"`
	Port     ports      `json:"port"`
	Protocol string     `json:"protocol"`
	TLS      bool       `json:"tls"`
	When     *Condition `json:"when"`
	At       string     `json:"at"`
}

type Permission struct {
	Group     string     `json:"group"`
	Resources []string   `json:"resources"`
	Verbs     []string   `json:"verbs"`
	Name      string     `json:"name"`
	In        string     `json:"in"`
	When      *Condition `json:"when"`
	Spare     string     `json:"spare"`
	At        string     `json:"at"`
}

// ports is a port or a list of them.
type ports []int

func (p *ports) UnmarshalJSON(text []byte) error {
	var one int
	if json.Unmarshal(text, &one) == nil {
		*p = ports{one}
		return nil
	}
	var many []int
	err := json.Unmarshal(text, &many)
	*p = many
	return err
}

func loadContract(file string) (*Contract, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	contract := &Contract{}
	if err := json.Unmarshal(text, contract); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return contract, nil
}

// choose finds the one program that a container with this command line, name and environment runs.
func (c *Contract) choose(args []string, container string) (*Program, error) {
	var fitting []*Program
	line := strings.Join(args, " ")
	for _, program := range c.Programs {
		when := program.When
		fits := when.Command == "" || matches(when.Command, line)
		fits = fits && (when.Container == "" || container == "" || matches(when.Container, container))
		for name, form := range when.Variables {
			fits = fits && matches(form, os.Getenv(name))
		}
		if fits {
			fitting = append(fitting, program)
		}
	}
	if len(fitting) == 1 {
		return fitting[0], nil
	}
	return nil, fmt.Errorf("the command %q is %d of the image's %d programs", line, len(fitting), len(c.Programs))
}

// matches is whether a text has a form. Contracts are checked before they come into an image.
func matches(form, text string) bool {
	return regexp.MustCompile(form).MatchString(text)
}

// checkForms compiles every regular expression: JavaScript's have lookarounds, which Go's have not.
func (c *Contract) checkForms() error {
	for _, program := range c.Programs {
		forms := []string{program.When.Command, program.When.Container, program.Words}
		for _, form := range program.When.Variables {
			forms = append(forms, form)
		}
		for _, variable := range program.Variables {
			forms = append(forms, variable.Form)
		}
		for _, file := range program.Files {
			forms = append(forms, file.Form)
		}
		for _, flag := range program.Flags {
			forms = append(forms, flag.Form)
		}
		for _, condition := range program.conditions() {
			forms = append(forms, condition.Form)
		}
		for _, form := range forms {
			if _, err := regexp.Compile(form); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Program) conditions() []*Condition {
	var found []*Condition
	add := func(condition *Condition) {
		if condition != nil {
			found = append(found, condition)
		}
	}
	for _, variable := range p.Variables {
		add(variable.When)
	}
	for _, file := range p.Files {
		add(file.When)
	}
	for _, port := range p.Ports {
		add(port.When)
	}
	for _, write := range p.Writes {
		add(write.When)
	}
	for _, read := range p.Reads {
		add(read.When)
	}
	for _, peer := range p.Peers {
		add(peer.When)
	}
	for _, permission := range p.Permissions {
		add(permission.When)
	}
	return found
}
