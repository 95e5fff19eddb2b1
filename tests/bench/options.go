package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/nginx-scratch/nginx-scratch/tests/bench/load"
)

// options are the command line.
type options struct {
	works   []load.Work
	images  []string
	rounds  int
	seconds int
	quick   bool
	peers   string // which of the lock's: all, base or none
	out     string // the folder of the report; empty for none
	table   bool   // print that of the report there
	update  bool   // look for newer packages of the peers
}

func parse(args []string) (options, error) {
	o := options{rounds: 7, seconds: 3}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(os.Stderr)
	works := flags.String("works", "", "works to run, with commas in between; all if none are named")
	images := flags.String("images", "nginx-scratch:static", "images to race, with commas in between: references that Docker has")
	flags.StringVar(&o.peers, "peers", "", "images of Debian's to race against: all, base (those of the same release) or none (ratios are of the first image); all, and with -quick base")
	flags.StringVar(&o.out, "out", "", "folder for a report, with sizes, memory and start-up")
	flags.BoolVar(&o.table, "table", false, "print the report of -out as a table in Markdown, and run nothing")
	flags.IntVar(&o.rounds, "rounds", o.rounds, "how often each contestant runs each work")
	flags.IntVar(&o.seconds, "seconds", o.seconds, "how long a run takes")
	flags.BoolVar(&o.update, "update", false, "pin the newest packages of Debian's in "+lockFile+", in the folder of the project, and run nothing")
	flags.BoolVar(&o.quick, "quick", false, "3 rounds of 1 second")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if o.quick {
		o.rounds, o.seconds, o.peers = 3, 1, cmp.Or(o.peers, "base")
	}
	o.peers = cmp.Or(o.peers, "all")
	switch {
	case o.table && o.out == "":
		return options{}, errors.New("-table needs -out, the folder of a report")
	case flags.NArg() > 0:
		return options{}, fmt.Errorf("%q is no flag", flags.Arg(0))
	case o.rounds < 1 || o.seconds < 1 || o.rounds > 1000 || o.seconds > 600:
		return options{}, errors.New("-rounds must be 1 to 1000, and -seconds 1 to 600")
	case !slices.Contains([]string{"all", "base", "none"}, o.peers):
		return options{}, fmt.Errorf("-peers is %q: it must be all, base or none", o.peers)
	}
	o.images = strings.FieldsFunc(*images, func(r rune) bool { return r == ',' })
	var err error
	o.works, err = chosen(*works)
	return o, err
}

func (o options) last() time.Duration { return time.Duration(o.seconds) * time.Second }

// chosen are the works with these names, in the order of reports.
func chosen(list string) ([]load.Work, error) {
	all := load.Works()
	if list == "" {
		return all, nil
	}
	names := strings.Split(list, ",")
	var known []string
	for _, w := range all {
		known = append(known, w.ID)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("-works has %q: it must be some of %s", name, strings.Join(known, ","))
		}
	}
	return slices.DeleteFunc(all, func(w load.Work) bool { return !slices.Contains(names, w.ID) }), nil
}
