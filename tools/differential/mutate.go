package main

import (
	"bytes"
	"math/rand/v2"
	"slices"
)

// mutator damages stored values.
type mutator struct {
	*rand.Rand
	// words are texts that mean something to some field.
	words *filler
	// spots are all fields of the value at hand.
	spots []spot
}

// spot is a field with the list that it stands in.
type spot struct {
	*field
	siblings *[]*field
	index    int
}

const prefix = "k8s\x00"

// mutate gives a damaged copy of a value, and the name of the damage.
func (m *mutator) mutate(value []byte) ([]byte, string) {
	if m.IntN(8) == 0 {
		at := len(prefix)
		if m.IntN(50) == 0 {
			at = 0
		}
		return append(bytes.Clone(value[:at]), m.bytes(value[at:])...), "bytes of the value"
	}
	fields, ok := parse(value[len(prefix):], 0)
	if !ok {
		return value, "none"
	}
	name := ""
	for name == "" || m.IntN(3) == 0 {
		m.spots = m.spots[:0]
		m.collect(&fields, 0)
		if len(m.spots) == 0 {
			break
		}
		damage := damages[m.IntN(len(damages))]
		if damage.do(m, m.spots[m.IntN(len(m.spots))]) && name == "" {
			name = damage.name
		}
	}
	return appendFields([]byte(prefix), fields), name
}

func (m *mutator) collect(fields *[]*field, depth int) {
	for i, f := range *fields {
		// The envelope's own fields are a few among many.
		m.spots = append(m.spots, spot{f, fields, i})
		if f.isTree {
			m.collect(&f.fields, depth+1)
		}
	}
}

// damages are all that can be done to a field. Each says whether it applied.
var damages = []struct {
	name string
	do   func(*mutator, spot) bool
}{
	{"wire type in the tag", func(m *mutator, s spot) bool {
		// What the payload is preceded by stays as it is.
		content := s.bare()
		s.wireType, s.payload, s.isTree, s.foreign = byte(m.IntN(8)), content, false, true
		return true
	}},
	{"another payload", func(m *mutator, s spot) bool {
		m.become(s.field, byte([]int{0, 1, 2, 3, 5}[m.IntN(5)]))
		return true
	}},
	{"field number", func(m *mutator, s spot) bool {
		switch m.IntN(6) {
		case 0:
			s.number = []uint64{0, 1 << 28, 1<<29 - 1, 1 << 29, 1 << 31, 1<<32 + s.number, 1<<61 - 1}[m.IntN(7)]
		case 1:
			s.number = uint64(1 + m.IntN(50))
		case 2:
			s.number = max(1, s.number-1)
		case 3:
			s.number = (*s.siblings)[m.IntN(len(*s.siblings))].number
		default:
			s.number++
		}
		return true
	}},
	{"field twice", func(m *mutator, s spot) bool {
		*s.siblings = slices.Insert(*s.siblings, m.IntN(len(*s.siblings)+1), s.clone())
		return true
	}},
	{"field twice, the second damaged", func(m *mutator, s spot) bool {
		second := s.clone()
		if second.isTree && len(second.fields) > 0 {
			i := m.IntN(len(second.fields))
			second.fields = slices.Delete(second.fields, i, i+1)
		} else if second.wireType == wireVarint {
			second.varint = uint64(m.words.integer())
		} else {
			second.isTree, second.payload = false, m.bytes(second.content())
		}
		*s.siblings = slices.Insert(*s.siblings, s.index+1, second)
		return true
	}},
	{"field gone", func(m *mutator, s spot) bool {
		*s.siblings = slices.Delete(*s.siblings, s.index, s.index+1)
		return true
	}},
	{"fields swapped", func(m *mutator, s spot) bool {
		list := *s.siblings
		other := m.IntN(len(list))
		list[s.index], list[other] = list[other], list[s.index]
		return other != s.index
	}},
	{"all fields in another order", func(m *mutator, s spot) bool {
		list := *s.siblings
		m.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		return len(list) > 1
	}},
	{"message in two pieces", func(m *mutator, s spot) bool {
		if !s.isTree || len(s.fields) == 0 {
			return false
		}
		second := s.clone()
		at := m.IntN(len(s.fields) + 1)
		s.fields, second.fields = s.fields[:at:at], second.fields[at:]
		place := s.index + 1 + m.IntN(len(*s.siblings)-s.index)
		*s.siblings = slices.Insert(*s.siblings, place, second)
		return true
	}},
	{"overlong tag", func(m *mutator, s spot) bool {
		s.tagPadding = m.padding()
		return true
	}},
	{"overlong length", func(m *mutator, s spot) bool {
		s.lengthPadding = m.padding()
		return s.wireType == wireBytes
	}},
	{"overlong varint", func(m *mutator, s spot) bool {
		s.varintPadding = m.padding()
		return s.wireType == wireVarint
	}},
	{"length", func(m *mutator, s spot) bool {
		edges := []int64{-1, 1, 2, -2, 10, 1 << 20, 1 << 31, 1 << 32, 1<<63 - 1, -1 << 63, -1 << 32}
		s.lengthError = edges[m.IntN(len(edges))]
		return s.wireType == wireBytes
	}},
	{"in a group", func(m *mutator, s spot) bool {
		inner := s.clone()
		*s.field = field{number: s.number, wireType: wireGroup, fields: []*field{inner}, isTree: true}
		return true
	}},
	{"varint", func(m *mutator, s spot) bool {
		s.varint = uint64(m.words.integer())
		return s.wireType == wireVarint
	}},
	{"word", func(m *mutator, s spot) bool {
		if s.wireType != wireBytes {
			return false
		}
		s.isTree, s.payload = false, m.word()
		return true
	}},
	{"bytes of a payload", func(m *mutator, s spot) bool {
		if s.wireType == wireVarint {
			return false
		}
		s.payload, s.isTree = m.bytes(s.content()), false
		return true
	}},
	{"packed", func(m *mutator, s spot) bool {
		if s.wireType != wireVarint {
			return false
		}
		var packed []byte
		for range m.IntN(4) {
			packed = appendVarint(packed, s.varint, max(0, m.IntN(12)-9))
			s.varint = uint64(m.words.integer())
		}
		if m.IntN(8) == 0 {
			packed = append(packed, 0x80)
		}
		s.wireType, s.payload = wireBytes, packed
		return true
	}},
	{"unknown field", func(m *mutator, s spot) bool {
		unknown := &field{number: uint64(1 + m.IntN(60))}
		if m.IntN(3) == 0 {
			unknown.number = 1000 + uint64(m.IntN(1e6))
		}
		m.become(unknown, byte([]int{0, 1, 2, 2, 3, 5}[m.IntN(6)]))
		*s.siblings = slices.Insert(*s.siblings, m.IntN(len(*s.siblings)+1), unknown)
		return true
	}},
	{"payload of another field", func(m *mutator, s spot) bool {
		other := m.spots[m.IntN(len(m.spots))].clone()
		if other.wireType != s.wireType || size(other) > 4096 {
			return false
		}
		other.number = s.number
		*s.field = *other
		return true
	}},
	{"field of another message", func(m *mutator, s spot) bool {
		other := m.spots[m.IntN(len(m.spots))].clone()
		if size(other) > 4096 {
			return false
		}
		*s.siblings = slices.Insert(*s.siblings, m.IntN(len(*s.siblings)+1), other)
		return true
	}},
	{"message within itself", func(m *mutator, s spot) bool {
		if !s.isTree || size(s.field) > 4096 {
			return false
		}
		s.fields = append(s.fields, s.clone())
		return true
	}},
	{"field inside", func(m *mutator, s spot) bool {
		if s.wireType != wireBytes {
			return false
		}
		inner := &field{number: uint64(1 + m.IntN(4))}
		m.become(inner, byte([]int{0, 0, 2, 2, 5, 1, 3}[m.IntN(7)]))
		if !s.isTree {
			s.fields, s.isTree = nil, true
		}
		s.fields = append(s.fields, inner)
		return true
	}},
}

func size(f *field) int {
	return len(f.content())
}

// bare is what stands after the tag.
func (f *field) bare() []byte {
	whole := f.append(nil)
	return whole[len(appendVarint(nil, f.number<<3|uint64(f.wireType), f.tagPadding)):]
}

// become gives a field another wire type, with a payload that fits it.
func (m *mutator) become(f *field, wireType byte) {
	f.wireType, f.fields, f.isTree, f.foreign = wireType, nil, false, false
	switch wireType {
	case wireVarint:
		f.varint = uint64(m.words.integer())
	case wireFixed64:
		f.payload = m.noise(8)
	case wireFixed32:
		f.payload = m.noise(4)
	case wireBytes:
		f.payload = m.word()
	case wireGroup:
		inner := &field{number: uint64(1 + m.IntN(20))}
		m.become(inner, byte([]int{0, 1, 2, 3, 5}[m.IntN(5)]))
		f.fields, f.isTree = []*field{inner}, true
	}
}

func (m *mutator) padding() int {
	return 1 + m.IntN(11)
}

func (m *mutator) noise(n int) []byte {
	noise := make([]byte, n)
	for i := range noise {
		noise[i] = byte(m.Uint32())
	}
	return noise
}

var words = []string{
	"", "0", "00", ".", "+", "-", "5.", ".5", "+1.50", "-0.25", "1e3", "1E", "1e", "1e+", "1.5Gi", "1Ki ", " 1", "1_0", "0x10",
	"0.0000000001", "-0.0000000001", "1e-10", "9223372036854775807", "9223372036854775808", "-9223372036854775809Ki", "NaN",
	"1024Ki", "1000m", "null", " null ", "{}", "[]", `{"a":1,"a":2}`, `{"b":1.50,"a":"\u00e9\/<"}`, "[1,]", "{", `"\ud800"`,
	"[01]", "tru", "nullx", "{\"a\":\xff}", "{\"\xff\":\"\xc3\"}", "\xd9\xd9\xf7\xa0", "\xd9\xd9\xf7\xa1aa\x01",
	"\xd9\xd9\xf7", "\xa1Aa\x01", "\xa0", "\xf6", "\xbf\xff", "\xd9\xd9\xf7\xa2aa\x01aa\x02", "\xd9\xd9\xf7\xfb\x7f\xf8\x00\x00\x00\x00\x00\x00",
	"\xd9\xd9\xf7\xf9\x3c\x00", "\xd9\xd9\xf7\x42ab", "\xd9\xd9\xf7\xc0\x742006-01-02T15:04:05Z", "\xd9\xd9\xf7\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
	"\x08\x00", "\x08\x01", "\x08\x02", "\x08\x01\x1a\x01a", "\x10\x05", "\x08\x80\x92\xb8\xc3\x98\xfe\xff\xff\xff\x01",
	"\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "\x10\xff\xff\xff\xff\x07",
	"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x0a\x00", "\x0a\x00\x12\x00", "\x0a\x01a\x12\x01b", "\x12\x01b", "\x0a\x031Gi", "k8s\x00",
	"\xff", "é<>&\u2028", "/v1", "v1", "apps/v1", "a/b/c", "Pod", "ReplicaSet", "PodPreset", "settings.k8s.io/v1alpha1", "WatchEvent",
}

func (m *mutator) word() []byte {
	switch m.IntN(6) {
	case 0:
		return m.noise(m.IntN(12))
	case 1:
		return []byte(m.words.quantity())
	case 2:
		return m.words.document(m.words.any(3))
	case 3:
		return []byte(m.words.text())
	}
	return []byte(words[m.IntN(len(words))])
}

// bytes damages without a look at what the bytes are.
func (m *mutator) bytes(data []byte) []byte {
	data = bytes.Clone(data)
	for {
		if len(data) == 0 {
			return m.noise(m.IntN(4))
		}
		at := m.IntN(len(data))
		length := m.IntN(min(len(data)-at, 1+m.IntN(16)) + 1)
		switch m.IntN(8) {
		case 0:
			data[at] = byte(m.Uint32())
		case 1:
			data = data[:at]
		case 2:
			data = slices.Insert(data, at, m.noise(1+m.IntN(4))...)
		case 3:
			data = slices.Delete(data, at, at+length)
		case 4:
			data = slices.Insert(data, at, data[at:at+length]...)
		case 5:
			data[at] = []byte{0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x12, 0x08}[m.IntN(8)]
		default:
			data[at] ^= 1 << m.IntN(8)
		}
		if m.IntN(4) > 0 {
			return data
		}
	}
}
