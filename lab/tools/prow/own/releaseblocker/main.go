// Command releaseblocker labels what blocks a release, as KubeVirt's plugin release-blocker does: `/release-blocker [cancel] BRANCH`.
package main

import (
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"sigs.k8s.io/prow/pkg/github"
	"sigs.k8s.io/prow/pkg/logrusutil"
	"sigs.k8s.io/prow/pkg/pluginhelp"
	"sigs.k8s.io/prow/pkg/plugins"

	"orrery/tools/prow/own/plugin"
)

const name = "release-blocker"

// Whose owners decide, for issues too, which have no branch.
const ownersBranch = "main"

var command = regexp.MustCompile(`(?m)^/release-?block(?:er)?[ \t]+(cancel[ \t]+)?(\S+)[ \t\r]*$`)

var help = pluginhelp.PluginHelp{
	Description: "The lab's own release-blocker marks issues and pull requests that a release waits for.",
	Commands: []pluginhelp.Command{{
		Usage:       "/release-blocker [cancel] BRANCH",
		Description: "Sets or removes the label release-blocker/BRANCH.",
		Featured:    true,
		WhoCanUse:   "Approvers of the topmost OWNERS file",
		Examples:    []string{"/release-blocker release-3.9", "/release-blocker cancel release-3.9"},
	}},
}

func main() {
	logrusutil.ComponentInit()
	flags := flag.NewFlagSet(os.Args[0], flag.ExitOnError)
	options := plugin.Bind(flags, 8888, true)
	_ = flags.Parse(os.Args[1:])
	made, err := options.New(name, "", help)
	if err != nil {
		plugin.Fail(name, err)
	}
	b := blocker{made}
	made.Server.RegisterHandleIssueCommentEvent(func(log *logrus.Entry, event github.IssueCommentEvent) {
		plugin.LogFailure(log, b.comment(event))
	})
	made.Server.RegisterIssueEventHandler(func(log *logrus.Entry, event github.IssueEvent) {
		plugin.LogFailure(log, b.undoManual(place{event.Repo, event.Issue.Number}, string(event.Action), event.Label.Name, event.Sender.Login))
	})
	made.Server.RegisterHandlePullRequestEvent(func(log *logrus.Entry, event github.PullRequestEvent) {
		plugin.LogFailure(log, b.undoManual(place{event.Repo, event.Number}, string(event.Action), event.Label.Name, event.Sender.Login))
	})
	made.Serve()
}

type blocker struct{ *plugin.Plugin }

// place is an issue or a pull request.
type place struct {
	in     github.Repo
	number int
}

func (p place) parts() (org, repo string, number int) { return p.in.Owner.Login, p.in.Name, p.number }

// comment does what a comment's only command says, for those who may.
func (b blocker) comment(event github.IssueCommentEvent) error {
	found := command.FindAllStringSubmatch(event.Comment.Body, -1)
	if event.Action != github.IssueCommentActionCreated || len(found) != 1 {
		return nil
	}
	org, repo, number := place{event.Repo, event.Issue.Number}.parts()
	answer := func(text string) error {
		return b.GitHub.CreateComment(org, repo, number, plugins.FormatICResponse(event.Comment, text))
	}
	allowed, err := b.allowed(org, repo, event.Comment.User.Login)
	if err != nil {
		return err
	}
	if !allowed {
		return answer("Only approvers of the topmost OWNERS file may set or remove what blocks a release.")
	}
	cancel, branch := found[0][1] != "", found[0][2]
	label := name + "/" + branch
	labels, err := b.GitHub.GetIssueLabels(org, repo, number)
	if err != nil {
		return err
	}
	switch has := github.HasLabel(label, labels); {
	case cancel && has:
		return b.GitHub.RemoveLabel(org, repo, number, label)
	case cancel || has:
		return nil
	}
	exists, err := branchExists(org, repo, branch)
	if err != nil {
		return err
	}
	if !exists {
		return answer(fmt.Sprintf("There is no branch %s, so nothing can block its release.", branch))
	}
	return b.GitHub.AddLabel(org, repo, number, label)
}

func (b blocker) allowed(org, repo, user string) (bool, error) {
	member, err := b.GitHub.IsMember(org, user)
	if err != nil || !member {
		return false, err
	}
	owners, err := b.Owners.LoadRepoOwners(org, repo, ownersBranch)
	if err != nil {
		return false, err
	}
	return owners.TopLevelApprovers().Has(github.NormLogin(user)), nil
}

// branchExists asks for GitHub's page of the branch, as the real plugin does: it needs github.com, not only its interface.
func branchExists(org, repo, branch string) (bool, error) {
	page := url.URL{Scheme: "https", Host: "github.com", Path: path.Join("/", org, repo, "tree", branch)}
	client := http.Client{Timeout: 30 * time.Second}
	answer, err := client.Head(page.String())
	if err != nil {
		return false, err
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusNotFound {
		return false, fmt.Errorf("branch %s: GitHub answers %s", branch, answer.Status)
	}
	return answer.StatusCode == http.StatusOK, nil
}

// undoManual undoes what somebody did to such a label without a command.
func (b blocker) undoManual(at place, action, label, user string) error {
	if !strings.HasPrefix(label, name) || (action != "labeled" && action != "unlabeled") {
		return nil
	}
	isRobot, err := b.GitHub.BotUserChecker()
	if err != nil || isRobot(user) {
		return err
	}
	org, repo, number := at.parts()
	undo, use := b.GitHub.RemoveLabel, "/release-blocker BRANCH"
	if action == "unlabeled" {
		undo, use = b.GitHub.AddLabel, "/release-blocker cancel BRANCH"
	}
	if err := undo(org, repo, number, label); err != nil {
		return err
	}
	text := fmt.Sprintf("Label %s is %s by the command `%s` only, so this was undone.", label, action, use)
	return b.GitHub.CreateComment(org, repo, number, text)
}
