package main

import (
	"errors"
	"time"

	utilerrors "k8s.io/apimachinery/pkg/util/errors"
)

// What the library's LocalKms says, and what stands for "not mine", which a
// real KMS would say in words of its own.
var (
	errAuthentication = errors.New("authentication fails")
	errNotMine        = errors.New("not mine")
)

var farFuture = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

func aggregate(errs ...error) error {
	return utilerrors.Reduce(utilerrors.NewAggregate(errs))
}
