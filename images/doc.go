// Package images decodes what is built: a definition, which says what is
// wanted, and its lock, which pins every input that was resolved for it.
//
// Both are decoded strictly. An unknown or repeated field, a missing value, a
// character that is not seen, or a lock that was made for another definition
// is an error that names the file and field, because a build that silently
// ignores a line of either is not auditable. A lock has exactly one form, so
// that two that say the same are the same bytes.
package images
