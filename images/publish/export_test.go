package publish

// The parts of DockerAvailable and Docker that take an engine, which tests fake.
var (
	Archive  = archive
	Load     = load
	ParseTag = parseTag
	Ping     = ping
)
