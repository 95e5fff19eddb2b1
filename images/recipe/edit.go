package recipe

import "strings"

// edits are the changes of the source that the definition wants.
func (s settings) edits() []Step {
	var steps []Step
	for _, e := range s.def.Edits {
		for _, from := range e.From {
			steps = append(steps, s.replace(e.File, from, strings.ReplaceAll(e.To, "&", `\&`))...)
		}
	}
	return steps
}

// replace writes to, in which & is from, in place of from, on every line that has
// it. The file must have it: a newer release may do the same in other words.
func (s settings) replace(file, from, to string) []Step {
	return []Step{
		s.step("grep", "-q", "-F", "-e", from, file),
		s.step("sed", "-i", "-e", "s|"+basic.Replace(from)+"|"+to+"|", file),
	}
}

// basic quotes what a basic regular expression has a meaning for.
var basic = strings.NewReplacer("*", `\*`, "[", `\[`, ".", `\.`, "$", `\$`, "^", `\^`)
