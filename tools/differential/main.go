// Command differential is the Go side of the check that Kubernetes and the
// library read stored values alike. The Rust side is src/main.rs; check.sh
// joins the two.
//
//	differential cases SEED N    writes N stored values with what Kubernetes makes of each
//	differential named           writes the cases that are named after their hazard, as JSON lines
//	differential release RELEASE writes what reflection sees of that release, for schema-gen
//
// Of five values one is a random object as Kubernetes writes it, four are that
// object damaged. The same seed gives the same values.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "differential:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 3 && args[0] == "cases":
		seed, err := strconv.ParseUint(args[1], 10, 64)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		return cases(seed, n)
	case len(args) == 1 && args[0] == "named":
		return writeNamed(os.Stdout)
	case len(args) == 2 && args[0] == "release":
		return writeRelease(os.Stdout, args[1])
	}
	return fmt.Errorf("usage: differential cases SEED N | named | release RELEASE")
}

// perObject is how many values come of one object, the undamaged one among them.
const perObject = 5

func cases(seed uint64, n int) error {
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	own, added := registered()
	// A few of Go's own computations have no end in sight (powers of ten in a
	// quantity's exponent): better to hear of it than to wait.
	watchdog := time.AfterFunc(time.Hour, func() {})
	for i := 0; i < n; i += perObject {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		filler := &filler{Rand: random}
		// Every kind in turn.
		kind := own[i/perObject%len(own)]
		if random.IntN(50) == 0 {
			kind = added[random.IntN(len(added))]
		}
		object, err := filler.object(kind)
		if err != nil {
			return err
		}
		value, err := encode(object, kind)
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		mutator := &mutator{Rand: random, words: filler}
		for j := range min(perObject, n-i) {
			value, name := value, wellFormed
			if j > 0 {
				value, name = mutator.mutate(value)
			}
			watchdog.Stop()
			watchdog = time.AfterFunc(30*time.Second, func() {
				panic(fmt.Sprintf("30 s over %s: %x", name, value))
			})
			if err := write(out, name, value); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}

// wellFormed names the values without damage.
const wellFormed = "well-formed"

// encode writes the value that the API server would store.
func encode(object message, kind schema.GroupVersionKind) ([]byte, error) {
	var value bytes.Buffer
	if object.GetObjectKind().GroupVersionKind() == kind {
		err := serializer.Encode(object, &value)
		return value.Bytes(), err
	}
	// A type without TypeMeta.
	raw, err := object.Marshal()
	if err != nil {
		return nil, err
	}
	apiVersion, name := kind.ToAPIVersionAndKind()
	unknown := &runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: apiVersion, Kind: name}, Raw: raw}
	err = serializer.Encode(unknown, &value)
	return value.Bytes(), err
}

// write judges a value and writes a record: the verdict, then the damage, the
// value and the text, each after its length in four bytes.
func write(out io.Writer, name string, value []byte) error {
	verdict, text := judge(value)
	record := []byte{byte(verdict)}
	for _, part := range [][]byte{[]byte(name), value, text} {
		record = binary.LittleEndian.AppendUint32(record, uint32(len(part)))
		record = append(record, part...)
	}
	_, err := out.Write(record)
	return err
}
