package main

import "encoding/binary"

// entry is one change of a store, as etcd files it in its bucket "key".
type entry struct {
	main, sub       int64
	create, version int64
	key             string
	value           []byte
	tombstone       bool
}

// filed is the entry's key in the bucket: server/storage/mvcc/revision.go of etcd.
func (e entry) filed() []byte {
	return filed(e.main, e.sub, e.tombstone)
}

func filed(main, sub int64, tombstone bool) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(main))
	b = append(b, '_')
	b = binary.BigEndian.AppendUint64(b, uint64(sub))
	if tombstone {
		b = append(b, 't')
	}
	return b
}

// message is the entry as mvccpb.KeyValue: api/mvccpb/kv.proto of etcd.
func (e entry) message() []byte {
	b := append([]byte{1<<3 | 2}, binary.AppendUvarint(nil, uint64(len(e.key)))...)
	b = append(b, e.key...)
	if e.tombstone {
		return b
	}
	for number, value := range []int64{2: e.create, 3: e.main, 4: e.version} {
		if value != 0 {
			b = binary.AppendUvarint(append(b, byte(number<<3)), uint64(value))
		}
	}
	if len(e.value) > 0 {
		b = binary.AppendUvarint(append(b, 5<<3|2), uint64(len(e.value)))
		b = append(b, e.value...)
	}
	return b
}

// filler is a value that differs from all others and is the same in every run.
func filler(seed int64, length int) []byte {
	b := make([]byte, length)
	state := uint64(seed)*0x9E3779B97F4A7C15 + 1
	for i := range b {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		b[i] = byte(state >> 32)
	}
	return b
}
