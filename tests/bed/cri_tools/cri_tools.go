// Package cri_tools pins, through its go.mod, crictl and critest: go.mod names crictl as a tool, and
// the imports below keep what critest is made of, which is a test and cannot be named.
package cri_tools

import (
	_ "sigs.k8s.io/cri-tools/pkg/benchmark"
	_ "sigs.k8s.io/cri-tools/pkg/validate"
)
