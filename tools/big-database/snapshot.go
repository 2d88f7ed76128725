package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"os"

	bolt "go.etcd.io/bbolt"
)

// object is a key and the value that is stored under it.
type object struct{ key, value []byte }

// readObjects gives the protobuf values of a snapshot, in the order of revisions.
func readObjects(path string) ([]object, error) {
	plain, err := plainFile(path)
	if err != nil {
		return nil, err
	}
	defer os.Remove(plain)
	db, err := bolt.Open(plain, 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var objects []object
	err = db.View(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("key")).ForEach(func(_, entry []byte) error {
			o, err := keyValue(bytes.Clone(entry))
			if bytes.HasPrefix(o.value, magic) {
				objects = append(objects, o)
			}
			return err
		})
	})
	return objects, err
}

// plainFile is a copy of a file, decompressed.
func plainFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	var in io.Reader = file
	if unzipped, err := gzip.NewReader(file); err == nil {
		in = unzipped
	} else if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	out, err := os.CreateTemp("", "snapshot")
	if err != nil {
		return "", err
	}
	defer out.Close()
	_, err = io.Copy(out, in)
	return out.Name(), err
}

// keyValue takes key and value out of a mvccpb.KeyValue.
func keyValue(entry []byte) (o object, err error) {
	for len(entry) > 0 {
		tag := entry[0]
		number, n := binary.Uvarint(entry[1:])
		if n <= 0 {
			return o, io.ErrUnexpectedEOF
		}
		if entry = entry[1+n:]; tag&7 != 2 {
			continue
		}
		if number > uint64(len(entry)) {
			return o, io.ErrUnexpectedEOF
		}
		switch tag >> 3 {
		case 1:
			o.key = entry[:number]
		case 5:
			o.value = entry[:number]
		}
		entry = entry[number:]
	}
	return o, nil
}
