package main

import (
	"fmt"
	"strings"

	"github.com/sirupsen/logrus"
	"sigs.k8s.io/prow/pkg/github"
)

type syncer struct {
	client    github.Client
	wanted    labels
	org, repo string
	// The repository's labels by their names in lower case, as GitHub compares them.
	there map[string]github.Label
}

// sync makes a repository's labels what the file says; labels that it does not name stay.
func (s *syncer) sync(repository string) error {
	var found bool
	if s.org, s.repo, found = strings.Cut(repository, "/"); !found {
		return fmt.Errorf("is not owner/name")
	}
	all, err := s.client.GetRepoLabels(s.org, s.repo)
	if err != nil {
		return err
	}
	s.there = map[string]github.Label{}
	for _, one := range all {
		s.there[strings.ToLower(one.Name)] = one
	}
	for _, one := range s.wanted.of(s.org, repository) {
		if err := s.syncLabel(one); err != nil {
			return fmt.Errorf("label %q: %w", one.Name, err)
		}
	}
	return nil
}

// syncLabel makes, renames or changes a label.
func (s *syncer) syncLabel(wanted label) error {
	have, exists := s.there[strings.ToLower(wanted.Name)]
	for _, old := range former(wanted) {
		previous, left := s.there[strings.ToLower(old.Name)]
		switch {
		case !left:
		case exists:
			if err := s.move(previous.Name, have.Name); err != nil {
				return err
			}
		default:
			have, exists = previous, true
			delete(s.there, strings.ToLower(old.Name))
		}
	}
	if !exists {
		logrus.Infof("%s/%s: %s is new", s.org, s.repo, wanted.Name)
		return s.client.AddRepoLabel(s.org, s.repo, wanted.Name, wanted.Description, wanted.Color)
	}
	if have.Name == wanted.Name && have.Color == wanted.Color && have.Description == wanted.Description {
		return nil
	}
	logrus.Infof("%s/%s: %s becomes %s", s.org, s.repo, have.Name, wanted.Name)
	return s.client.UpdateRepoLabel(s.org, s.repo, have.Name, wanted.Name, wanted.Description, wanted.Color)
}

// former is all names that a label had, those of its former names among them.
func former(of label) []label {
	var all []label
	for _, one := range of.Previously {
		all = append(append(all, one), former(one)...)
	}
	return all
}

// move gives open issues the new label in place of the old one, which is deleted once no issue has it.
func (s *syncer) move(from, to string) error {
	query := fmt.Sprintf(`is:open repo:%s/%s label:%q -label:%q`, s.org, s.repo, from, to)
	issues, err := s.client.FindIssuesWithOrg(s.org, query, "", false)
	if err != nil {
		return err
	}
	if len(issues) == 0 {
		logrus.Infof("%s/%s: %s is deleted", s.org, s.repo, from)
		return s.client.DeleteRepoLabel(s.org, s.repo, from)
	}
	for _, one := range issues {
		if err := s.client.AddLabel(s.org, s.repo, one.Number, to); err != nil {
			return err
		}
		if err := s.client.RemoveLabel(s.org, s.repo, one.Number, from); err != nil {
			return err
		}
	}
	return nil
}
