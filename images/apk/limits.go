package apk

// Limits are what a reader accepts at most, so that a small hostile file
// cannot fill the memory. They are absolute: an honest file may compress as
// well as it can. The zero value refuses everything.
type Limits struct {
	Index     int64 // bytes of an APKINDEX.tar.gz
	IndexText int64 // bytes of its unpacked member
	Records   int   // packages in an index
	Line      int   // bytes of a line of APKINDEX or .PKGINFO
	Package   int64 // bytes of a package file
	Control   int64 // bytes of an unpacked control member
	Data      int64 // bytes of an unpacked data member
	Entries   int   // files in one package
}

// DefaultLimits are several times what the largest repositories need; few
// packages of Alpine (games, firmware) are beyond them.
var DefaultLimits = Limits{
	Index:     64 << 20,
	IndexText: 512 << 20,
	Records:   500_000,
	Line:      1 << 20,
	Package:   512 << 20,
	Control:   8 << 20,
	Data:      2 << 30,
	Entries:   200_000,
}

const (
	maxSignature  = 64 << 10 // bytes of an unpacked signature member
	maxSignatures = 64       // signature members of a file
	maxPax        = 64 << 10 // bytes of the extended header of one tar entry
	maxPath       = 4095     // bytes of a path or a link's target: Linux's own limit
	maxElement    = 255      // bytes between two slashes: what file systems take
)
