// Package tests proves the contract of the image: every test starts it in a real
// engine, locked down as far as an engine can, and looks at it from outside.
//
// The image is nginx-scratch:static, or what NGINX_SCRATCH_IMAGE names. Nothing is
// pulled: where a test needs a second server, it is the same image again.
package tests
