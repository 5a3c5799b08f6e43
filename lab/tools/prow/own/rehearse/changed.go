package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/config"
	"sigs.k8s.io/prow/pkg/git/v2"
	"sigs.k8s.io/prow/pkg/github"
	"sigs.k8s.io/prow/pkg/pjutil"
	"sigs.k8s.io/yaml"
)

// A job with this annotation is not rehearsed.
const restricted = "rehearsal.restricted"

// rehearsal is a ProwJob, and the job that it is a rehearsal of.
type rehearsal struct {
	of  string
	job prowapi.ProwJob
}

// changed is rehearsals of the presubmits that are new or other than before.
func (r rehearsals) changed(clone git.RepoClient, pull *github.PullRequest, files []string, event string) ([]rehearsal, error) {
	var all []rehearsal
	for _, file := range files {
		isYaml := strings.HasSuffix(file, ".yaml") || strings.HasSuffix(file, ".yml")
		if !isYaml || !strings.HasPrefix(file, r.folder+"/") {
			continue
		}
		before, err := r.presubmits(clone.Directory(), pull.Base.SHA, file)
		if err != nil {
			return nil, err
		}
		after, err := r.presubmits(clone.Directory(), "HEAD", file)
		if err != nil {
			return nil, err
		}
		for key, job := range after {
			if old, exists := before[key]; exists && same(old, job) || job.Annotations[restricted] == "true" {
				continue
			}
			made, err := r.rehearse(key.repository, job, pull, event)
			if err != nil {
				return nil, err
			}
			all = append(all, made...)
		}
	}
	return all, nil
}

// key is a job of a repository, `owner/name`; jobs of one name differ in their branches.
type key struct{ repository, job, branches string }

func same(a, b config.Presubmit) bool {
	one, first := yaml.Marshal(a)
	other, second := yaml.Marshal(b)
	return first == nil && second == nil && bytes.Equal(one, other)
}

// presubmits is the jobs of a file at a commit, read by Prow's own loader; none if the file is not there.
func (r rehearsals) presubmits(clone, commit, file string) (map[key]config.Presubmit, error) {
	found := map[key]config.Presubmit{}
	folder, err := os.MkdirTemp("", "rehearse")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	configFile, jobFile := filepath.Join(folder, "config.yaml"), filepath.Join(folder, "jobs.yaml")
	if exists, err := take(clone, commit, r.config, configFile); err != nil || !exists {
		return nil, errors.Join(fmt.Errorf("%s cannot be read at %s", r.config, commit), err)
	}
	if exists, err := take(clone, commit, file, jobFile); err != nil || !exists {
		return found, err
	}
	loaded, err := config.Load(configFile, jobFile, nil, "")
	if err != nil {
		return nil, fmt.Errorf("%s at %s: %w", file, commit, err)
	}
	for repository, jobs := range loaded.PresubmitsStatic {
		for _, job := range jobs {
			job.SourcePath = file
			branches := append(append([]string{}, job.Branches...), job.SkipBranches...)
			found[key{repository, job.Name, strings.Join(branches, " ")}] = job
		}
	}
	return found, nil
}

// take writes a file of a commit, if the commit has it.
func take(clone, commit, file, to string) (bool, error) {
	run := func(args ...string) ([]byte, error) {
		return exec.Command("git", append([]string{"-C", clone}, args...)...).Output()
	}
	listed, err := run("ls-tree", "--name-only", commit, "--", file)
	if err != nil || len(listed) == 0 {
		return false, err
	}
	text, err := run("show", commit+":"+file)
	if err != nil {
		return false, err
	}
	return true, os.WriteFile(to, text, 0o600)
}

// rehearse makes ProwJobs of a presubmit at the pull request; for another repository's job with that one, at each branch that it names.
func (r rehearsals) rehearse(repository string, job config.Presubmit, pull *github.PullRequest, event string) ([]rehearsal, error) {
	name := job.Name
	// Under a name of its own, so that nobody takes its result for the job's.
	job.Name, job.Context = "rehearsal-"+name, "rehearsal-"+name
	job.RerunCommand = "/rehearse " + name
	labels := map[string]string{"rehearsal": "true", "rehearsal-for-pull-request": strconv.Itoa(pull.Number)}
	at := func(refs ...prowapi.Refs) rehearsal {
		made := pjutil.NewPresubmit(*pull, pull.Base.SHA, job, event, labels)
		made.Spec.ExtraRefs = append(made.Spec.ExtraRefs, refs...)
		return rehearsal{of: name, job: made}
	}
	if repository == pull.Base.Repo.FullName {
		return []rehearsal{at()}, nil
	}
	owner, own, _ := strings.Cut(repository, "/")
	branches, err := r.branches(owner, own, job)
	if err != nil {
		return nil, err
	}
	var all []rehearsal
	for _, branch := range branches {
		all = append(all, at(prowapi.Refs{Org: owner, Repo: own, BaseRef: branch, WorkDir: !hasWorkDir(job.ExtraRefs)}))
	}
	return all, nil
}

// branches is what a job's repository is cloned at: the branches that it names in full, or else the default one.
func (r rehearsals) branches(owner, name string, job config.Presubmit) ([]string, error) {
	var named []string
	for _, branch := range job.Branches {
		if regexp.QuoteMeta(branch) == branch {
			named = append(named, branch)
		}
	}
	if len(named) > 0 {
		return named, nil
	}
	repository, err := r.GitHub.GetRepo(owner, name)
	return []string{repository.DefaultBranch}, err
}

func hasWorkDir(all []prowapi.Refs) bool {
	for _, one := range all {
		if one.WorkDir {
			return true
		}
	}
	return false
}
