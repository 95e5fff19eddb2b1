package peers

import "strings"

// cutBoth is what is between two ends of a string, if it has both.
func cutBoth(s, begin, end string) (string, bool) {
	s, begins := strings.CutPrefix(s, begin)
	s, ends := strings.CutSuffix(s, end)
	return s, begins && ends
}
