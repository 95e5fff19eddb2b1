// Package policy judges the manifests in conf/deploy as a cluster would: by the
// types of its API, by Kustomize, and by Pod Security. It is a module of its own,
// so that nobody who builds an image gets the libraries of Kubernetes.
package policy
