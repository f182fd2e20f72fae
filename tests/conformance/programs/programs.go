// Package programs pins, through its go.mod, the Kubernetes programs that judge the shim: go.mod
// names the commands as tools, and the import below keeps what the node suite's tests need.
package programs

import _ "k8s.io/kubernetes/test/e2e_node"
