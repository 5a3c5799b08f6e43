// Package plugin is what KubeVirt's plugins of Prow have in common: flags, clients of GitHub and git, and a server of webhooks.
package plugin

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/sirupsen/logrus"
	"sigs.k8s.io/prow/pkg/config"
	"sigs.k8s.io/prow/pkg/config/secret"
	"sigs.k8s.io/prow/pkg/flagutil"
	"sigs.k8s.io/prow/pkg/git/v2"
	"sigs.k8s.io/prow/pkg/github"
	"sigs.k8s.io/prow/pkg/githubeventserver"
	"sigs.k8s.io/prow/pkg/interrupts"
	"sigs.k8s.io/prow/pkg/pluginhelp"
	"sigs.k8s.io/prow/pkg/plugins/ownersconfig"
	"sigs.k8s.io/prow/pkg/repoowners"
)

// Options are the flags that the plugins share.
type Options struct {
	dryRun   bool
	hmacFile string
	github   flagutil.GitHubOptions
	server   githubeventserver.Options
}

// Bind declares the flags; port and dryRun are their values where the command line has none.
func Bind(flags *flag.FlagSet, port int, dryRun bool) *Options {
	o := &Options{}
	flags.BoolVar(&o.dryRun, "dry-run", dryRun, "change nothing at GitHub")
	flags.StringVar(&o.hmacFile, "hmac-secret-file", "/etc/webhook/hmac", "file of the secret that signs webhooks")
	o.github.AddFlags(flags)
	o.server.Bind(flags)
	for name, value := range map[string]string{"endpoint": "/", "port": strconv.Itoa(port)} {
		if err := flags.Set(name, value); err != nil {
			Fail("cannot set --"+name, err)
		}
	}
	return o
}

// Plugin has what a plugin works with.
type Plugin struct {
	GitHub github.Client
	Git    git.ClientFactory
	Owners *repoowners.Client
	Server *githubeventserver.GitHubEventServer
}

// New makes the clients and the server. Clones lie below cacheDir, or below /var/tmp without one.
func (o *Options) New(name, cacheDir string, help pluginhelp.PluginHelp) (*Plugin, error) {
	log := logrus.WithField("plugin", name)
	if err := o.github.Validate(o.dryRun); err != nil {
		return nil, err
	}
	if err := o.server.DefaultAndValidate(); err != nil {
		return nil, err
	}
	if err := secret.Add(o.hmacFile); err != nil {
		return nil, err
	}
	client, err := o.github.GitHubClient(o.dryRun)
	if err != nil {
		return nil, fmt.Errorf("GitHub client: %w", err)
	}
	clones, err := o.github.GitClientFactory("", &cacheDir, o.dryRun, false)
	if err != nil {
		return nil, fmt.Errorf("git client: %w", err)
	}
	never := func(string, string) bool { return false }
	denied := func() *config.OwnersDirDenylist { return &config.OwnersDirDenylist{} }
	owners := func(string, string) ownersconfig.Filenames {
		return ownersconfig.Filenames{Owners: ownersconfig.DefaultOwnersFile, OwnersAliases: ownersconfig.DefaultOwnersAliasesFile}
	}
	server := githubeventserver.New(o.server, secret.GetTokenGenerator(o.hmacFile), log)
	server.RegisterHelpProvider(func([]config.OrgRepo) (*pluginhelp.PluginHelp, error) { return &help, nil }, log)
	return &Plugin{
		GitHub: client,
		Git:    clones,
		Owners: repoowners.NewClient(clones, client, never, never, denied, owners),
		Server: server,
	}, nil
}

// Serve answers webhooks until the process is asked to end; what has begun is brought to its end.
func (p *Plugin) Serve() {
	interrupts.OnInterrupt(func() {
		p.Server.GracefulShutdown()
		if err := p.Git.Clean(); err != nil {
			logrus.WithError(err).Error("clones are left")
		}
	})
	interrupts.ListenAndServe(p.Server, 5*time.Second)
	interrupts.WaitForGracefulShutdown()
}

// LogFailure says why an event has no effect.
func LogFailure(log *logrus.Entry, err error) {
	if err != nil {
		log.WithError(err).Error("the event has no effect")
	}
}

// Fail ends the program with one line.
func Fail(what string, err error) {
	fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
	os.Exit(1)
}
