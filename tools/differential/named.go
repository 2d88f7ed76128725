package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// named is a stored value that is named after its hazard, with what Kubernetes
// makes of it: JSON, or an error.
type named struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	JSON  string `json:"json,omitempty"`
	// JSONHex stands for JSON that is not UTF-8.
	JSONHex string `json:"jsonHex,omitempty"`
	Error   string `json:"error,omitempty"`
	// Unregistered says that the release does not have the kind.
	Unregistered bool `json:"unregistered,omitempty"`
}

func writeNamed(out io.Writer) error {
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	seen := map[string]bool{}
	for _, h := range hazards() {
		if seen[h.name] {
			return fmt.Errorf("%s: stands twice", h.name)
		}
		seen[h.name] = true
		line := named{Name: h.name, Value: hex.EncodeToString(h.value)}
		switch verdict, text := judge(h.value); {
		case verdict == unregistered:
			line.Unregistered = true
		case verdict == refused:
			line.Error = strings.ToValidUTF8(string(text), "\ufffd")
		case utf8.Valid(text):
			line.JSON = string(text)
		default:
			line.JSONHex = hex.EncodeToString(text)
		}
		if err := lines.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

type hazard struct {
	name  string
	value []byte
}

// leaf is a field's bytes, given its number.
type leaf func(number uint64) []byte

// part puts a leaf at a path of JSON names.
type part struct {
	path string
	leaf leaf
}

// stored is a value of a kind, its message made of parts. Each part brings the
// messages around it of its own, so that two with one beginning are a message
// in two pieces.
func stored(apiVersion, kind string, parts ...part) []byte {
	object, err := scheme.New(schema.FromAPIVersionAndKind(apiVersion, kind))
	if err != nil {
		panic(err)
	}
	var message []byte
	for _, p := range parts {
		message = append(message, along(reflect.TypeOf(object).Elem(), strings.Split(p.path, "."), p.leaf)...)
	}
	return envelope(apiVersion, kind, message)
}

func envelope(apiVersion, kind string, message []byte) []byte {
	typeMeta := append(text(apiVersion)(1), text(kind)(2)...)
	return concat([]byte(prefix), blob(typeMeta)(1), blob(message)(2), text("")(3), text("")(4))
}

func along(t reflect.Type, path []string, l leaf) []byte {
	number, next := numberOf(t, path[0])
	if len(path) > 1 {
		l = blob(along(next, path[1:], l))
	}
	return l(number)
}

// numberOf finds a field by its JSON name, or takes the name for a number.
func numberOf(t reflect.Type, name string) (uint64, reflect.Type) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	for i := range t.NumField() {
		f := t.Field(i)
		jsonName, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if jsonName == name || strings.EqualFold(f.Name, name) {
			var number uint64
			words := strings.Split(f.Tag.Get("protobuf"), ",")
			if _, err := fmt.Sscan(words[1], &number); err != nil {
				panic(err)
			}
			return number, f.Type
		}
	}
	var number uint64
	if _, err := fmt.Sscan(name, &number); err != nil {
		panic(fmt.Sprintf("%s has no %s", t, name))
	}
	return number, nil
}

func tagged(wireType byte, payload ...byte) leaf {
	return func(number uint64) []byte {
		return append(appendVarint(nil, number<<3|uint64(wireType), 0), payload...)
	}
}

func blob(payload []byte) leaf {
	return tagged(wireBytes, append(appendVarint(nil, uint64(len(payload)), 0), payload...)...)
}

func text(text string) leaf { return blob([]byte(text)) }

func number(n int64) leaf { return tagged(wireVarint, appendVarint(nil, uint64(n), 0)...) }

// length announces a length before some bytes.
func length(n uint64, payload string) leaf {
	return tagged(wireBytes, append(appendVarint(nil, n, 0), payload...)...)
}

// all puts several leaves under one number, one after the other.
func all(leaves ...leaf) leaf {
	return func(number uint64) []byte {
		var out []byte
		for _, l := range leaves {
			out = append(out, l(number)...)
		}
		return out
	}
}

// message is a leaf made of fields.
func messageOf(fields ...[]byte) leaf { return blob(concat(fields...)) }

func concat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
