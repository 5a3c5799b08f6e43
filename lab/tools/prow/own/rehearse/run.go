package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	prowjobs "sigs.k8s.io/prow/pkg/client/clientset/versioned/typed/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/git/v2"
	"sigs.k8s.io/prow/pkg/github"

	"orrery/tools/prow/own/plugin"
)

type rehearsals struct {
	*plugin.Plugin
	jobs prowjobs.ProwJobInterface
	// Paths in the repository: the folder of jobs, and Prow's configuration.
	folder, config string
}

// run makes ProwJobs of the jobs that a pull request changes, and says which.
func (r rehearsals) run(in github.Repo, number int, user, event string, wanted []string) error {
	org, repo := in.Owner.Login, in.Name
	pull, err := r.GitHub.GetPullRequest(org, repo, number)
	if err != nil {
		return err
	}
	clone, err := r.merged(org, repo, pull)
	if err != nil {
		return err
	}
	defer clone.Clean()
	files, err := clone.Diff(pull.Base.SHA, "HEAD")
	if err != nil {
		return err
	}
	answer := func(text string, jobs []string) error {
		if len(jobs) == 0 {
			jobs = []string{"none"}
		}
		return r.GitHub.CreateComment(org, repo, number, text+"\n\n```\n"+strings.Join(jobs, "\n")+"\n```\n")
	}
	allowed, whose, err := r.allowed(org, repo, pull, user, files)
	if err != nil {
		return err
	}
	if !allowed {
		if whose == "" {
			return fmt.Errorf("%s may not rehearse pull request %d", user, number)
		}
		return answer("@"+user+" has to be an approver of all changed files to rehearse their jobs; you are none of:", []string{whose})
	}
	jobs, err := r.changed(clone, pull, files, event)
	if err != nil {
		return err
	}
	if len(wanted) == 1 && wanted[0] == "?" {
		return answer("These jobs can be rehearsed:", namesIn(jobs))
	}
	var made, failed []string
	for _, one := range jobs {
		if len(wanted) > 0 && !slices.Contains(wanted, one.of) {
			continue
		}
		if _, err := r.jobs.Create(context.Background(), &one.job, metav1.CreateOptions{}); err != nil {
			failed = append(failed, one.job.Spec.Job+": "+err.Error())
		} else {
			made = append(made, one.job.Spec.Job)
		}
	}
	if len(failed) > 0 {
		if err := answer("These rehearsals could not be made:", failed); err != nil {
			return err
		}
	}
	return answer("These rehearsals were made:", made)
}

// merged is a clone in which the pull request is merged into what it is for.
func (r rehearsals) merged(org, repo string, pull *github.PullRequest) (git.RepoClient, error) {
	clone, err := r.Git.ClientFor(org, repo)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		clone.Config("user.name", "Rehearsals"),
		clone.Config("user.email", "rehearsals@prow.invalid"),
	)
	if err == nil {
		err = clone.MergeAndCheckout(pull.Base.SHA, "squash", pull.Head.SHA)
	}
	if err != nil {
		return nil, errors.Join(err, clone.Clean())
	}
	return clone, nil
}

// allowed is whether somebody may rehearse; if not, the changed file that somebody else has to approve, if that is why.
func (r rehearsals) allowed(org, repo string, pull *github.PullRequest, user string, files []string) (bool, string, error) {
	owners, err := r.Owners.LoadRepoOwners(org, repo, pull.Base.Ref)
	if err != nil {
		return false, "", err
	}
	login := github.NormLogin(user)
	if owners.TopLevelApprovers().Has(login) {
		return true, "", nil
	}
	for _, one := range []string{pull.User.Login, user} {
		if member, err := r.GitHub.IsMember(org, one); err != nil || !member {
			return false, "", err
		}
	}
	labels, err := r.GitHub.GetIssueLabels(org, repo, pull.Number)
	if err != nil || github.HasLabel(okLabel, labels) {
		return err == nil, "", err
	}
	for _, file := range files {
		if !owners.LeafApprovers(file).Has(login) {
			return false, file, nil
		}
	}
	return true, "", nil
}

func namesIn(jobs []rehearsal) []string {
	var names []string
	for _, one := range jobs {
		names = append(names, one.of)
	}
	slices.Sort(names)
	return names
}
