package lint

import (
	"fmt"
	"slices"
	"strings"
)

// An exception is one "lint:ignore rule reason" in a comment.
type exception struct {
	file    string
	line    int // of the comment
	applies int // the line that it speaks of
	rule    string
	reason  string
	used    bool
}

// ignore takes away what comments say to ignore, and adds what is wrong with them: an
// exception has a reason, names a rule and is needed. The last cannot be told where a
// broken file kept rules from being asked.
func ignore(all []Finding, comments map[string][]comment, broken bool) []Finding {
	type place struct {
		file string
		line int
		rule string
	}
	at := map[place][]*exception{}
	var exceptions []*exception
	for file, list := range comments {
		for _, e := range exceptionsOf(file, list) {
			exceptions = append(exceptions, e)
			if e.problem() == "" {
				p := place{file, e.applies, e.rule}
				at[p] = append(at[p], e)
			}
		}
	}
	kept := slices.DeleteFunc(all, func(f Finding) bool {
		found := at[place{f.File, f.Line, f.Rule}]
		for _, e := range found {
			e.used = true
		}
		return len(found) > 0
	})
	for _, e := range exceptions {
		problem := e.problem()
		if problem == "" && !e.used && !broken {
			problem = fmt.Sprintf("nothing on line %d breaks the rule %s: take the exception out", e.applies, e.rule)
		}
		if problem != "" {
			kept = append(kept, Finding{e.file, e.line, ignoreRule.Severity, ignoreRule.ID, problem})
		}
	}
	return kept
}

// exceptionsOf reads the comments of a file. One on a line of its own speaks of the
// next line that is more than a comment.
func exceptionsOf(file string, comments []comment) []*exception {
	var found []*exception
	next := -1
	for i, c := range slices.Backward(comments) {
		applies := c.line
		if c.alone {
			if i+1 == len(comments) || comments[i+1].line != c.line+1 || !comments[i+1].alone {
				next = c.line + 1
			}
			applies = next
		}
		rest, ok := strings.CutPrefix(strings.TrimSpace(c.text), "lint:ignore")
		if !ok || rest != "" && !isSpace(rest[0]) {
			continue
		}
		rule, reason, _ := strings.Cut(strings.TrimSpace(rest), " ")
		found = append(found, &exception{file: file, line: c.line, applies: applies, rule: rule, reason: strings.TrimSpace(reason)})
	}
	return found
}

// problem is what is wrong with an exception as it is written, or "".
func (e *exception) problem() string {
	switch {
	case e.rule == "":
		return "lint:ignore names no rule: write lint:ignore RULE REASON"
	case !ignorable[e.rule]:
		return "lint:ignore names " + clip(e.rule) + ", which is no rule that can be ignored"
	case e.reason == "":
		return "lint:ignore " + e.rule + " gives no reason: say why it is right here"
	}
	return ""
}

// ignorable are the names of rules that an exception may name. What nginx cannot read
// it cannot be told to ignore.
var ignorable = func() map[string]bool {
	names := map[string]bool{}
	for _, r := range Rules() {
		names[r.ID] = r.ID != syntaxRule.ID && r.ID != ignoreRule.ID
	}
	return names
}()
