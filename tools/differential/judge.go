package main

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
)

// verdict is what Kubernetes makes of a stored value.
type verdict byte

const (
	accepted verdict = iota
	// refused: it does not decode, or does not print.
	refused
	// unregistered: the value names a kind that the release does not have.
	unregistered
)

// judge decodes a value as the API server does, and prints the stored type
// without defaulting or conversion. The text is JSON, or why there is none.
func judge(value []byte) (v verdict, text []byte) {
	defer func() {
		if panicked := recover(); panicked != nil {
			v, text = refused, fmt.Appendf(nil, "panic: %v", panicked)
		}
	}()
	object, _, err := serializer.Decode(value, nil, nil)
	switch {
	case runtime.IsNotRegisteredError(err):
		return unregistered, []byte(err.Error())
	case err != nil:
		return refused, []byte(err.Error())
	}
	text, err = json.Marshal(object)
	if err != nil {
		return refused, []byte(err.Error())
	}
	return accepted, text
}
