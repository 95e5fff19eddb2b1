package compile

// Folders are what a Compiler leaves in its Dir.
var Folders = []string{"components", "work", "work.lock", "logs", "kept"}
