// Package tests proves the contract of the image: every test starts it in a real
// engine, locked down as far as an engine can, and looks at it from outside.
//
// One set of tests is for the images of all definitions. What an image can do is
// seen in the image itself, and a test of something else is skipped and says why;
// what an image of each definition must be able to do is a test, too.
//
// The image is nginx-scratch:static, or what NGINX_SCRATCH_IMAGE names;
// NGINX_SCRATCH_DEFINITION is the definition it was made of, static if it is not
// set, and NGINX_SCRATCH_REPOSITORY the folder that this was read from, if it is
// not this repository. Nothing is pulled: where a test needs a second server, it is
// the same image again.
//
// Every container runs under conf/deploy/seccomp.json, or under the engine's own
// profile where NGINX_SCRATCH_SECCOMP is "default".
package tests
