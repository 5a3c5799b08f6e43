// Command labelsync gives repositories the labels that a file names, as kubernetes/test-infra's label_sync does, and ends.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/sirupsen/logrus"
	"sigs.k8s.io/prow/pkg/flagutil"
	"sigs.k8s.io/prow/pkg/github"
	"sigs.k8s.io/prow/pkg/logrusutil"
	"sigs.k8s.io/yaml"

	"orrery/tools/prow/own/plugin"
)

// GitHub refuses longer ones.
const longestDescription = 100

type label struct {
	Name        string  `json:"name"`
	Color       string  `json:"color"`
	Description string  `json:"description"`
	Previously  []label `json:"previously"`
}

type group struct {
	Labels []label `json:"labels"`
}

// labels is the file: for all repositories, for those of an organization, and for single ones.
type labels struct {
	Default group            `json:"default"`
	Orgs    map[string]group `json:"orgs"`
	Repos   map[string]group `json:"repos"`
}

func main() {
	logrusutil.ComponentInit()
	var file, orgs, only string
	var confirm bool
	var options flagutil.GitHubOptions
	flags := flag.NewFlagSet(os.Args[0], flag.ExitOnError)
	flags.StringVar(&file, "config", "", "file of the labels")
	flags.BoolVar(&confirm, "confirm", false, "change labels at GitHub")
	flags.StringVar(&orgs, "orgs", "", "organizations, with commas between them")
	flags.StringVar(&only, "only", "", "repositories, with commas between them")
	options.AddCustomizedFlags(flags, flagutil.ThrottlerDefaults(300, 100))
	_ = flags.Parse(os.Args[1:])

	if err := options.Validate(!confirm); err != nil {
		plugin.Fail("flags", err)
	}
	if orgs == "" && only == "" {
		plugin.Fail("flags", errors.New("neither --orgs nor --only says which repositories"))
	}
	wanted, err := read(file)
	if err != nil {
		plugin.Fail("--config="+file, err)
	}
	client, err := options.GitHubClient(!confirm)
	if err != nil {
		plugin.Fail("GitHub client", err)
	}
	repositories, err := repositoriesOf(client, split(orgs), split(only))
	if err != nil {
		plugin.Fail("repositories", err)
	}
	var problems []error
	for _, repository := range repositories {
		if err := (&syncer{client: client, wanted: wanted}).sync(repository); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", repository, err))
		}
	}
	if err := errors.Join(problems...); err != nil {
		plugin.Fail("labels", err)
	}
}

// read is the file's labels, of which no two of a repository may have one name.
func read(file string) (labels, error) {
	var found labels
	text, err := os.ReadFile(file)
	if err != nil {
		return found, err
	}
	if err := yaml.Unmarshal(text, &found); err != nil {
		return found, err
	}
	if err := assertNames(found.Default.Labels, map[string]bool{}); err != nil {
		return found, fmt.Errorf("default: %w", err)
	}
	for org := range found.Orgs {
		if err := assertNames(found.of(org, ""), map[string]bool{}); err != nil {
			return found, fmt.Errorf("%s: %w", org, err)
		}
	}
	for repository := range found.Repos {
		org, _, _ := strings.Cut(repository, "/")
		if err := assertNames(found.of(org, repository), map[string]bool{}); err != nil {
			return found, fmt.Errorf("%s: %w", repository, err)
		}
	}
	return found, nil
}

// of is the labels of a repository of an organization.
func (l labels) of(org, repository string) []label {
	var all []label
	for _, one := range []group{l.Default, l.Orgs[org], l.Repos[repository]} {
		all = append(all, one.Labels...)
	}
	return all
}

func assertNames(all []label, seen map[string]bool) error {
	for _, one := range all {
		key := strings.ToLower(one.Name)
		if seen[key] {
			return fmt.Errorf("label %q is there twice", one.Name)
		}
		if utf8.RuneCountInString(one.Description) > longestDescription {
			return fmt.Errorf("label %q has a description of more than %d characters", one.Name, longestDescription)
		}
		seen[key] = true
		if err := assertNames(one.Previously, seen); err != nil {
			return err
		}
	}
	return nil
}

// repositoriesOf is the organizations' repositories as owner/name, without archived ones; or those that are named.
func repositoriesOf(client github.Client, orgs, only []string) ([]string, error) {
	if len(only) > 0 {
		return only, nil
	}
	var all []string
	for _, org := range orgs {
		found, err := client.GetRepos(org, false)
		if err != nil {
			return nil, err
		}
		for _, one := range found {
			fork := one.Private && github.SecurityForkNameRE.MatchString(one.Name)
			if !one.Archived && !fork {
				all = append(all, org+"/"+one.Name)
			}
		}
	}
	logrus.Infof("%d repositories", len(all))
	return all, nil
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(one rune) bool { return one == ',' })
}
