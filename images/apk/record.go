package apk

import "time"

// Record is one package as a repository's index describes it.
type Record struct {
	// Repository says which repository of the branch has the package, such as
	// "main". The index does not: whoever reads it sets the field.
	Repository string
	Checksum   Checksum  // C: of the control member
	Name       string    // P
	Version    string    // V, with the revision: "1.28.0-r3"
	Arch       string    // A: Alpine's name, such as "x86_64"
	Size       int64     // S: of the package file, in bytes
	Installed  int64     // I: in bytes, as the packager counted
	Summary    string    // T
	URL        string    // U
	License    string    // L
	Origin     string    // o: the source package, empty where it is the package's own name
	Maintainer string    // m
	Built      time.Time // t, in UTC; zero where the index does not say
	Commit     string    // c
	Priority   int       // k: provider_priority; 0 is none
	Depends    []string  // D: each as it is written
	Provides   []string  // p
	InstallIf  []string  // i
	Replaces   []string  // r: only a package says, not the index

	// ReplacesPriority is q: which of two packages that replace each other
	// wins. Only a package says, not the index; 0 is none.
	ReplacesPriority int
}

// File is the name of the package's file in its repository.
func (r Record) File() string { return r.Name + "-" + r.Version + ".apk" }
