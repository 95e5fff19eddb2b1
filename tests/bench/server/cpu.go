package server

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Use is what the processes of the server had of their CPU so far.
type Use struct {
	Ran    time.Duration // user and system
	Waited time.Duration // they could have run, but something else did
}

// Since is what came after another Use.
func (u Use) Since(before Use) Use { return Use{u.Ran - before.Ran, u.Waited - before.Waited} }

// Use asks the scheduler. Processes that have ended do not count: nginx's do not while it
// serves.
func (s *Server) Use() (Use, error) {
	pids, err := s.processes()
	if err != nil {
		return Use{}, err
	}
	var sum Use
	for _, pid := range pids {
		// In nanoseconds, where stat has hundredths of a second.
		text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "schedstat"))
		if err != nil {
			return Use{}, fmt.Errorf("asking how long %s has run: %w", s.Name, err)
		}
		use, err := parseSchedstat(string(text))
		if err != nil {
			return Use{}, fmt.Errorf("asking how long %s has run: %w", s.Name, err)
		}
		sum.Ran += use.Ran
		sum.Waited += use.Waited
	}
	return sum, nil
}

func parseSchedstat(text string) (Use, error) {
	fields := strings.Fields(text)
	if len(fields) != 3 {
		return Use{}, fmt.Errorf("schedstat is %q, not three numbers", text)
	}
	ran, err := strconv.ParseInt(fields[0], 10, 64)
	waited, errWaited := strconv.ParseInt(fields[1], 10, 64)
	if err := errors.Join(err, errWaited); err != nil {
		return Use{}, fmt.Errorf("schedstat is %q: %w", text, err)
	}
	return Use{time.Duration(ran), time.Duration(waited)}, nil
}

// processes are those of the container: the first one and its children.
func (s *Server) processes() ([]int, error) {
	if s.pid == 0 {
		return nil, fmt.Errorf("%s is not running", s.Name)
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", s.pid, s.pid))
	if err != nil {
		return nil, fmt.Errorf("looking for the processes of %s: %w: it has ended, or the engine is on another machine", s.Name, err)
	}
	pids := []int{s.pid}
	for field := range strings.FieldsSeq(string(text)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			return nil, fmt.Errorf("looking for the processes of %s: %q is no number", s.Name, field)
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

// Memory is resident and proportional set size, in bytes.
type Memory struct{ RSS, PSS int64 }

// Memory is that of all processes of the server together.
func (s *Server) Memory() (Memory, error) {
	pids, err := s.processes()
	if err != nil {
		return Memory{}, err
	}
	var sum Memory
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			return Memory{}, fmt.Errorf("asking for the memory of %s: %w: only root may look at another user's", s.Name, err)
		}
		rss, pss, err := parseRollup(string(text))
		if err != nil {
			return Memory{}, fmt.Errorf("asking for the memory of %s: %w", s.Name, err)
		}
		sum.RSS += rss
		sum.PSS += pss
	}
	return sum, nil
}

func parseRollup(text string) (rss, pss int64, err error) {
	found := map[string]int64{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[2] == "kB" && slices.Contains([]string{"Rss:", "Pss:"}, fields[0]) {
			kilobytes, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				return 0, 0, fmt.Errorf("smaps_rollup has %q", strings.TrimSpace(line))
			}
			found[fields[0]] = kilobytes << 10
		}
	}
	if len(found) != 2 {
		return 0, 0, errors.New("smaps_rollup has no lines Rss and Pss")
	}
	return found["Rss:"], found["Pss:"], nil
}
