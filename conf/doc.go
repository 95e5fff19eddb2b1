// Package conf is what nginx is told. The folder nginx holds the configuration and
// the default site exactly as they ship: html goes to /usr/share/nginx/html in the
// image, everything else to /etc/nginx. The build reads the files from disk, so the
// package has no code, only the tests that hold the tree to its contract.
package conf
