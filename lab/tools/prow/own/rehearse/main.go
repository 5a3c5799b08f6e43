// Command rehearse tries jobs that a pull request changes before it is merged, as KubeVirt's plugin of that name does.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/sirupsen/logrus"
	"k8s.io/client-go/rest"
	prowjobs "sigs.k8s.io/prow/pkg/client/clientset/versioned/typed/prowjobs/v1"
	"sigs.k8s.io/prow/pkg/github"
	"sigs.k8s.io/prow/pkg/logrusutil"
	"sigs.k8s.io/prow/pkg/pluginhelp"

	"orrery/tools/prow/own/plugin"
)

const name = "rehearse"

// A pull request with this label may be rehearsed by members.
const okLabel = "ok-to-rehearse"

var command = regexp.MustCompile(`(?m)^/rehearse(?:[ \t]+(\S+))?[ \t\r]*$`)

var help = pluginhelp.PluginHelp{
	Description: "The lab's own rehearse runs the jobs that a pull request changes.",
	Commands: []pluginhelp.Command{{
		Usage:       "/rehearse [all|JOB|?]",
		Description: "Runs all changed jobs or one of them; `?` lists them.",
		Featured:    true,
		WhoCanUse:   "Approvers of all changed files; members, once the pull request has the label " + okLabel,
		Examples:    []string{"/rehearse", "/rehearse JOB", "/rehearse ?"},
	}},
}

func main() {
	logrusutil.ComponentInit()
	flags := flag.NewFlagSet(os.Args[0], flag.ExitOnError)
	options := plugin.Bind(flags, 9900, false)
	namespace := flags.String("jobs-namespace", "", "where ProwJobs are made")
	cacheDir := flags.String("cache-dir", "", "folder of clones")
	jobs := flags.String("jobs-config-base", "", "folder of the jobs' files in the repository")
	config := flags.String("prow-config-path", "", "Prow's configuration in the repository")
	always := flags.Bool("always-run", false, "not here: rehearse without a command")
	_ = flags.Parse(os.Args[1:])
	flags.VisitAll(func(one *flag.Flag) {
		needed := map[string]bool{"jobs-namespace": true, "cache-dir": true, "jobs-config-base": true, "prow-config-path": true}
		if needed[one.Name] && one.Value.String() == "" {
			plugin.Fail(name, fmt.Errorf("--%s is missing", one.Name))
		}
	})
	if *always {
		plugin.Fail(name, errors.New("--always-run is not built in the lab's own program"))
	}
	cluster, err := rest.InClusterConfig()
	if err != nil {
		plugin.Fail("cluster", err)
	}
	client, err := prowjobs.NewForConfig(cluster)
	if err != nil {
		plugin.Fail("cluster", err)
	}
	made, err := options.New(name, *cacheDir, help)
	if err != nil {
		plugin.Fail(name, err)
	}
	r := rehearsals{Plugin: made, jobs: client.ProwJobs(*namespace), folder: *jobs, config: *config}
	made.Server.RegisterHandleIssueCommentEvent(func(log *logrus.Entry, event github.IssueCommentEvent) {
		found := command.FindAllStringSubmatch(event.Comment.Body, -1)
		open := event.Issue.IsPullRequest() && event.Issue.State == github.PullRequestStateOpen
		if open && event.Action == github.IssueCommentActionCreated && len(found) > 0 {
			plugin.LogFailure(log, r.run(event.Repo, event.Issue.Number, event.Comment.User.Login, event.GUID, namesOf(found)))
		}
	})
	made.Serve()
}

// namesOf is the jobs that commands name; none for all of them.
func namesOf(found [][]string) []string {
	var names []string
	for _, one := range found {
		if job := strings.TrimSpace(one[1]); job != "" && job != "all" {
			names = append(names, job)
		}
	}
	return names
}
