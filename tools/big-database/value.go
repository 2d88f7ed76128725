package main

import (
	"encoding/binary"
	"fmt"
	"os"
)

// magic begins each stored protobuf value.
var magic = []byte("k8s\x00")

// writeValue writes one stored value of that size, or the next one below that comes
// out: a ConfigMap with many entries, or a Pod whose container has many variables.
func writeValue(kind string, size int, path string) error {
	grow, wrap := (func(int) []byte)(nil), (func([]byte) []byte)(nil)
	switch kind {
	case "configmap":
		// v1.ConfigMap: metadata 1, data 2, a map.
		grow = func(n int) []byte {
			entry := field(nil, 1, fmt.Appendf(nil, "setting-%06d.conf", n))
			return field(nil, 2, field(entry, 2, fmt.Appendf(nil, "listen = \"0.0.0.0:%d\"\nworkers = %d\nname = 'web'\n", n, n%64)))
		}
		wrap = func(grown []byte) []byte { return value("ConfigMap", append(metadata(), grown...)) }
	case "pod":
		// v1.Pod: metadata 1, spec 2; v1.PodSpec: containers 2; v1.Container: name 1,
		// image 2, env 7; v1.EnvVar: name 1, value 2.
		grow = func(n int) []byte {
			variable := field(nil, 1, fmt.Appendf(nil, "SETTING_%06d", n))
			return field(nil, 7, field(variable, 2, fmt.Appendf(nil, "https://web-%d.shop.svc.cluster.local:8443/", n)))
		}
		wrap = func(grown []byte) []byte {
			container := field(field(nil, 1, []byte("web")), 2, []byte("registry.k8s.io/web:1.2.3"))
			spec := field(nil, 2, append(container, grown...))
			return value("Pod", field(metadata(), 2, spec))
		}
	default:
		return fmt.Errorf("unknown kind %q", kind)
	}
	var grown []byte
	for n := 0; ; n++ {
		more := append(grown, grow(n)...)
		if len(wrap(nil))+len(more)+lengths > size {
			break
		}
		grown = more
	}
	return os.WriteFile(path, wrap(grown), 0o644)
}

// lengths is by how much the lengths around may grow.
const lengths = 12

func metadata() []byte {
	return field(nil, 1, field(field(nil, 1, []byte("big")), 3, []byte("default")))
}

// value is a message in its envelope: runtime.Unknown.
func value(kind string, raw []byte) []byte {
	meta := field(field(nil, 1, []byte("v1")), 2, []byte(kind))
	unknown := field(field(nil, 1, meta), 2, raw)
	unknown = field(field(unknown, 3, nil), 4, nil)
	return append(append([]byte(nil), magic...), unknown...)
}

// field appends a field with a length.
func field(to []byte, number int, payload []byte) []byte {
	to = binary.AppendUvarint(to, uint64(number<<3|2))
	to = binary.AppendUvarint(to, uint64(len(payload)))
	return append(to, payload...)
}
