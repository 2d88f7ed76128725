package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	bolt "go.etcd.io/bbolt"
	"k8s.io/apiserver/pkg/storage/value"
)

// A corpus is a file of records; each part of a record comes after its length in
// four bytes, little endian. What writeCorpus writes has four parts: etcd key,
// value as stored, its JSON, the value without managedFields. Stages are given
// key and value alone.

// writeCorpus writes the stored values that this release decodes.
func writeCorpus(args []string) error {
	var transformer value.Transformer
	if len(args) > 2 {
		var err error
		if transformer, err = newTransformer(args[2:]); err != nil {
			return err
		}
	}
	file, err := os.Create(args[1])
	if err != nil {
		return err
	}
	defer file.Close()
	out := bufio.NewWriter(file)
	taken, left := 0, 0
	err = entries(args[0], func(key, stored []byte) error {
		plain := stored
		if transformer != nil {
			if !bytes.HasPrefix(stored, []byte("k8s:enc:")) {
				return nil
			}
			opened, _, err := transformer.TransformFromStorage(context.Background(), stored, value.DefaultContext(key))
			if err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
			plain = opened
		}
		if !bytes.HasPrefix(plain, magic) {
			return nil
		}
		object, err := decode(plain)
		if err != nil {
			left++
			return nil
		}
		var text bytes.Buffer
		if err := print(&text, object); err != nil {
			return err
		}
		stripped, err := bare(plain)
		if err != nil {
			return err
		}
		taken++
		return writeRecord(out, key, stored, bytes.TrimSuffix(text.Bytes(), []byte("\n")), stripped)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%s: %d values, %d of kinds that this release does not have\n", args[1], taken, left)
	return out.Flush()
}

func writeRecord(out io.Writer, parts ...[]byte) error {
	for _, part := range parts {
		record := binary.LittleEndian.AppendUint32(nil, uint32(len(part)))
		if _, err := out.Write(append(record, part...)); err != nil {
			return err
		}
	}
	return nil
}

// stored is a record as the stages are given it.
type stored struct {
	key, value []byte
	context    value.Context
}

func readValues(path string) ([]stored, error) {
	rest, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var values []stored
	next := func() []byte {
		length := binary.LittleEndian.Uint32(rest)
		part := rest[4 : 4+length]
		rest = rest[4+length:]
		return part
	}
	for len(rest) > 0 {
		s := stored{key: next(), value: next()}
		s.context = value.DefaultContext(s.key)
		values = append(values, s)
	}
	return values, nil
}

// entries calls visit for each value in a database, in the order of revisions.
func entries(path string, visit func(key, value []byte) error) error {
	db, err := bolt.Open(path, 0o400, &bolt.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.View(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("key")).ForEach(func(revision, entry []byte) error {
			if len(revision) > 17 {
				return nil
			}
			key, value, err := keyValue(entry)
			if err != nil {
				return fmt.Errorf("revision %x: %w", revision, err)
			}
			return visit(key, value)
		})
	})
}

// keyValue takes key and value out of a mvccpb.KeyValue.
func keyValue(entry []byte) (key, value []byte, err error) {
	for len(entry) > 0 {
		tag, n := binary.Uvarint(entry)
		if n <= 0 {
			return nil, nil, io.ErrUnexpectedEOF
		}
		number, n := binary.Uvarint(entry[n:])
		if entry = entry[1+max(n, 0):]; n <= 0 {
			return nil, nil, io.ErrUnexpectedEOF
		}
		if tag&7 != 2 {
			continue
		}
		if number > uint64(len(entry)) {
			return nil, nil, io.ErrUnexpectedEOF
		}
		switch tag >> 3 {
		case 1:
			key = entry[:number]
		case 5:
			value = entry[:number]
		}
		entry = entry[number:]
	}
	return key, value, nil
}
