package size

import "strings"

// Kind is what the bytes of a section are for.
type Kind int

// The kinds, in the order of the tables.
const (
	Code      Kind = iota // instructions
	Constant              // read-only data, without addresses
	Relocated             // data with addresses, read-only once they are set
	Data                  // data that the program writes to
	Other                 // headers, tables of the linker, and files that are no program
)

// kindNames are for the heads of tables.
var kindNames = []string{Code: "code", Constant: "constants", Relocated: "relocated", Data: "data", Other: "other"}

// String names a kind.
func (k Kind) String() string { return kindNames[k] }

// KindOf says what a section is for, by its name.
func KindOf(section string) Kind {
	for kind, names := range [][]string{
		Code:      {".text", ".init", ".fini", ".plt"},
		Constant:  {".rodata", ".eh_frame", ".gcc_except_table"},
		Relocated: {".data.rel.ro", ".init_array", ".fini_array", ".got"},
		Data:      {".data", ".tdata", ".sdata"},
	} {
		for _, name := range names {
			if section == name || strings.HasPrefix(section, name+".") {
				return Kind(kind)
			}
		}
	}
	return Other
}
