package main

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"time"

	"k8s.io/apiserver/pkg/storage/value"
)

// A pass does a stage once for all values and tells how many bytes came out.
type pass func() (int, error)

// stage times a stage: the name, nanoseconds of a pass, bytes that came out of it.
func stage(name string, args []string) error {
	seconds, err := strconv.ParseFloat(args[0], 64)
	if err != nil {
		return fmt.Errorf("unknown command %q, or no seconds: %w", name, err)
	}
	limit := time.Duration(seconds * float64(time.Second))
	pass, err := newPass(name, args[1:])
	if err != nil {
		return err
	}
	bytes, err := pass()
	if err != nil {
		return err
	}
	// The collector's work belongs to what made it necessary: the time of all
	// passes, and not of the fastest.
	passes, began := int64(0), processor()
	for processor()-began < limit {
		if _, err := pass(); err != nil {
			return err
		}
		passes++
	}
	fmt.Printf("%s\t%d\t%d\n", name, int64(processor()-began)/passes, bytes)
	return nil
}

// processor is the time that the processor has given to this process.
func processor() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func newPass(name string, args []string) (pass, error) {
	if provider, found := strings.CutSuffix(name, "-4k"); found {
		return newCryptoPass(provider)
	}
	if len(args) == 0 {
		return nil, fmt.Errorf("%s needs a corpus", name)
	}
	values, err := readValues(args[0])
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	switch {
	case name == "json":
		return over(values, func(s *stored) (int, error) { return printed(&out, s.value) }), nil
	case strings.HasPrefix(name, "typed"):
		return over(values, func(s *stored) (int, error) {
			_, err := decode(s.value)
			return len(s.value), err
		}), nil
	case strings.HasPrefix(name, "sealed-"):
		transformer, err := newTransformer(args[1:])
		if err != nil {
			return nil, err
		}
		ctx := context.Background()
		return over(values, func(s *stored) (int, error) {
			plain, _, err := transformer.TransformFromStorage(ctx, s.value, s.context)
			if err != nil {
				return 0, err
			}
			return printed(&out, plain)
		}), nil
	}
	return nil, fmt.Errorf("unknown stage %q", name)
}

func over(values []stored, work func(*stored) (int, error)) pass {
	return func() (int, error) {
		sum := 0
		for i := range values {
			n, err := work(&values[i])
			if err != nil {
				return 0, fmt.Errorf("%s: %w", values[i].key, err)
			}
			sum += n
		}
		return sum, nil
	}
}

// printed is the length of a value's JSON, without the newline.
func printed(out *bytes.Buffer, plain []byte) (int, error) {
	object, err := decode(plain)
	if err != nil {
		return 0, err
	}
	out.Reset()
	if err := print(out, object); err != nil {
		return 0, err
	}
	return out.Len() - 1, nil
}

// opening is a pass that opens one value many times.
func opening(transformer value.Transformer, sealed []byte, dataContext value.Context) pass {
	ctx := context.Background()
	return func() (int, error) {
		sum := 0
		for range 1000 {
			plain, _, err := transformer.TransformFromStorage(ctx, sealed, dataContext)
			if err != nil {
				return 0, err
			}
			sum += len(plain)
		}
		return sum, nil
	}
}
