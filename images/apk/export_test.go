package apk

// What the fuzz targets and tables reach without a signature or a hash.
var (
	ParseRecords = parseRecords
	ParseControl = parseControl
	Unpack       = unpack
)

// RecordOf is what a .PKGINFO says.
func RecordOf(parsed info) Record { return parsed.record }
