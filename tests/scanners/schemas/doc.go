// Package schemas holds the documents about the image against the schemas that
// are published for their formats.
package schemas
