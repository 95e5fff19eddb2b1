package workflows

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/rhysd/actionlint"
)

// pinned is an action by the commit that it is at, which no tag can move.
var pinned = regexp.MustCompile(`^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+@[0-9a-f]{40}$`)

// released is the comment behind it, by which people know the commit.
var released = regexp.MustCompile(`uses: \S+ # v[0-9]+\.[0-9]+\.[0-9]+$`)

// broken lists what is against the rules of this project in a workflow.
func broken(w *actionlint.Workflow, text string) []string {
	var found []string
	say := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	if w.Permissions == nil || w.Permissions.All != nil || len(w.Permissions.Scopes) > 0 {
		say("its permissions must be {}: each job asks for what it needs")
	}
	if w.Concurrency == nil {
		say("it has no concurrency group")
	}
	for _, name := range slices.Sorted(maps.Keys(w.Jobs)) {
		job := w.Jobs[name]
		if job.TimeoutMinutes == nil {
			say("job %s has no timeout-minutes", name)
		}
		if job.Permissions == nil || job.Permissions.All != nil {
			say("job %s does not list its permissions", name)
		} else if grants(job, "id-token") && !signs(job) {
			say("job %s may have an identity, and signs nothing", name)
		}
		for _, step := range job.Steps {
			for _, problem := range judge(step) {
				say("job %s: %s", name, problem)
			}
		}
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n"); strings.Contains(line, "uses:") && !released.MatchString(line) {
			say("%q does not end in the release that the commit is, such as # v1.2.3", strings.TrimSpace(line))
		}
	}
	return found
}

// judge lists what is wrong with a step.
func judge(step *actionlint.Step) []string {
	var found []string
	switch exec := step.Exec.(type) {
	case *actionlint.ExecAction:
		if !pinned.MatchString(exec.Uses.Value) {
			found = append(found, exec.Uses.Value+" is not pinned by its commit")
		}
		if strings.HasPrefix(exec.Uses.Value, "actions/checkout@") {
			if in := exec.Inputs["persist-credentials"]; in == nil || in.Value.Value != "false" {
				found = append(found, "the checkout leaves its credentials behind")
			}
		}
	case *actionlint.ExecRun:
		// What comes from outside is data, and in a script it would be a program.
		if strings.Contains(exec.Run.Value, "${{") {
			found = append(found, "an expression is in the script of a step: hand it over in env")
		}
	}
	return found
}

// grants says whether a job may write to a scope.
func grants(job *actionlint.Job, scope string) bool {
	s := job.Permissions.Scopes[scope]
	return s != nil && s.Value.Value == "write"
}

// signs says whether a job signs with the identity that it may have.
func signs(job *actionlint.Job) bool {
	return slices.ContainsFunc(job.Steps, func(step *actionlint.Step) bool {
		run, ok := step.Exec.(*actionlint.ExecRun)
		return ok && strings.Contains(run.Run.Value, "-keyless")
	})
}
