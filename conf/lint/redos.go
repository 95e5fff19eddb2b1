package lint

import "strings"

// A branch is one alternative of a group, as far as the time it takes is concerned: a
// repeated group is fast if each turn has to pass a character that nothing repeated
// in it matches, such as the slash of ([^/]+/)*.
type branch struct {
	repeats bool     // something in it repeats without end
	wide    bool     // and that matches nearly every character
	fixed   []byte   // characters that each turn has to match once
	negated []string // classes such as ^/ that repeat
}

// atom adds what is no group: its text without the quantifier, and how it repeats.
func (b *branch) atom(text string, endless, quantified bool) {
	literal := text
	if text[0] == '\\' {
		literal = strings.TrimLeft(text[1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
	}
	switch {
	case endless:
		b.repeats = true
		if strings.HasPrefix(text, "[^") && len(b.negated) < 4 {
			b.negated = append(b.negated, text)
		} else {
			b.wide = b.wide || text == "." || text[0] == '[' && text[1] == '^' || text[0] == '\\' && strings.IndexByte("SDWN", text[1]) >= 0
		}
	case !quantified && len(literal) == 1 && (text[0] == '\\' || strings.IndexByte(".^$", literal[0]) < 0):
		b.fixed = append(b.fixed, literal[0])
	}
}

// slow says whether a group that repeats this branch can match one text in many ways.
func (b *branch) slow() bool {
	if !b.repeats {
		return false
	}
	if b.wide || len(b.fixed) == 0 {
		return true
	}
	for _, class := range b.negated {
		if !strings.ContainsAny(class, string(b.fixed)) {
			return true
		}
	}
	return false
}
