package main

import "encoding/binary"

// field is one field of a protobuf message, in a form that can be bent and
// written again: the lengths around it come out right, so that only what was
// meant to be wrong is wrong.
type field struct {
	number   uint64
	wireType byte
	varint   uint64
	// payload is what stands after the tag, or after the length.
	payload []byte
	// fields stand for the payload, where it reads as a message.
	fields []*field
	isTree bool
	// Bytes that make tag, length and varint longer than they need be.
	tagPadding, lengthPadding, varintPadding int
	// lengthError is added to the length.
	lengthError int64
	// foreign says that the payload is no more what the wire type asks for: it
	// is written bare, without a length.
	foreign bool
}

const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireGroup   = 3
	wireEnd     = 4
	wireFixed32 = 5
)

// parse reads a message without its schema; false if it is none.
func parse(data []byte, depth int) ([]*field, bool) {
	var fields []*field
	for len(data) > 0 {
		tag, n := binary.Uvarint(data)
		if n <= 0 || tag>>3 == 0 || tag>>3 > 1<<29 {
			return nil, false
		}
		data = data[n:]
		f := &field{number: tag >> 3, wireType: byte(tag & 7)}
		size := 0
		switch f.wireType {
		case wireVarint:
			f.varint, n = binary.Uvarint(data)
			if n <= 0 {
				return nil, false
			}
			data = data[n:]
		case wireFixed64:
			size = 8
		case wireFixed32:
			size = 4
		case wireBytes:
			length, n := binary.Uvarint(data)
			if n <= 0 || length > uint64(len(data)-n) {
				return nil, false
			}
			data = data[n:]
			size = int(length)
		default:
			return nil, false
		}
		if size > len(data) {
			return nil, false
		}
		f.payload = data[:size:size]
		data = data[size:]
		if f.wireType == wireBytes && size > 0 && depth < 30 {
			f.fields, f.isTree = parse(f.payload, depth+1)
		}
		fields = append(fields, f)
	}
	return fields, true
}

func appendFields(out []byte, fields []*field) []byte {
	for _, f := range fields {
		out = f.append(out)
	}
	return out
}

func (f *field) append(out []byte) []byte {
	out = appendVarint(out, f.number<<3|uint64(f.wireType), f.tagPadding)
	content := f.content()
	switch {
	case f.foreign:
		return append(out, content...)
	case f.wireType == wireVarint:
		return appendVarint(out, f.varint, f.varintPadding)
	case f.wireType == wireGroup:
		out = append(out, content...)
		return appendVarint(out, f.number<<3|wireEnd, 0)
	case f.wireType == wireBytes:
		out = appendVarint(out, uint64(int64(len(content))+f.lengthError), f.lengthPadding)
	}
	return append(out, content...)
}

// content is the payload as it stands now.
func (f *field) content() []byte {
	if f.isTree {
		return appendFields(nil, f.fields)
	}
	return f.payload
}

// clone is a copy that can be bent on its own.
func (f *field) clone() *field {
	c := *f
	c.fields = make([]*field, len(f.fields))
	for i, child := range f.fields {
		c.fields[i] = child.clone()
	}
	return &c
}

func appendVarint(out []byte, number uint64, padding int) []byte {
	out = binary.AppendUvarint(out, number)
	if padding > 0 {
		out[len(out)-1] |= 0x80
		for range padding - 1 {
			out = append(out, 0x80)
		}
		out = append(out, 0)
	}
	return out
}
