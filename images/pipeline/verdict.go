package pipeline

// The exit codes of whatever verifies, by which a pipeline can tell one from another.
// Any other error, such as one of the network, is 1.
const (
	StatusFailed    = 2 // it is not what it should be
	StatusUnchecked = 3 // nothing is wrong, but there is nothing to hold it against
)

// A VerdictError says that something is not what was hoped for, and which exit code
// that is.
type VerdictError struct {
	Status int
	Text   string
}

func (e *VerdictError) Error() string { return e.Text }

// ExitStatus is what the process ends with.
func (e *VerdictError) ExitStatus() int { return e.Status }
