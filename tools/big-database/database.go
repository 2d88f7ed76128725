package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	bolt "go.etcd.io/bbolt"
)

// batch is how many bytes of entries etcd's transactions have here.
const batch = 1 << 20

// writeDatabase repeats the values of a snapshot until the file has so many bytes.
func writeDatabase(size int64, snapshot, path string) (err error) {
	objects, err := readObjects(snapshot)
	if err != nil {
		return err
	}
	if len(objects) == 0 {
		return fmt.Errorf("%s: no protobuf values", snapshot)
	}
	grown := path + ".grown"
	defer os.Remove(grown)
	// As etcd opens it, but that nothing waits for the disk, and that free pages are
	// taken in their order, not in that of a map.
	db, err := bolt.Open(grown, 0o600, &bolt.Options{
		PageSize:       4096,
		FreelistType:   bolt.FreelistArrayType,
		NoFreelistSync: true,
		NoSync:         true,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	number := int64(0)
	for used := int64(0); used < size; {
		err := db.Update(func(tx *bolt.Tx) error {
			key, meta, err := buckets(tx)
			if err != nil {
				return err
			}
			for written := 0; written < batch; number++ {
				o := objects[number%int64(len(objects))]
				entry := message(number, o)
				if err := key.Put(revision(firstRevision+number), entry); err != nil {
					return err
				}
				written += len(entry)
			}
			return put(meta, firstRevision+number)
		})
		if err != nil {
			return err
		}
		if err := db.View(func(tx *bolt.Tx) error { used = tx.Size(); return nil }); err != nil {
			return err
		}
	}
	if err := save(db, path); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%s: %d keys\n", path, number)
	return nil
}

// firstRevision is the one that an empty store writes first.
const firstRevision = 2

func buckets(tx *bolt.Tx) (key, meta *bolt.Bucket, err error) {
	if key, err = tx.CreateBucketIfNotExists([]byte("key")); err != nil {
		return nil, nil, err
	}
	// Revisions only grow: etcd fills the pages of this bucket more than others.
	key.FillPercent = 0.9
	meta, err = tx.CreateBucketIfNotExists([]byte("meta"))
	return key, meta, err
}

func put(meta *bolt.Bucket, index int64) error {
	big := func(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }
	return errors.Join(
		meta.Put([]byte("consistent_index"), big(index)),
		meta.Put([]byte("term"), big(2)),
	)
}

// revision is the key of an entry: server/storage/mvcc/revision.go of etcd.
func revision(main int64) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(main))
	return binary.BigEndian.AppendUint64(append(b, '_'), 0)
}

// message is the entry as mvccpb.KeyValue: api/mvccpb/kv.proto of etcd. Each entry
// has a key of its own, with the number behind: /registry/pods/shop/web-000001.
func message(number int64, o object) []byte {
	main := uint64(firstRevision + number)
	key := fmt.Appendf(nil, "%s-%06d", o.key, number)
	b := append(binary.AppendUvarint([]byte{1<<3 | 2}, uint64(len(key))), key...)
	b = binary.AppendUvarint(append(b, 2<<3), main)
	b = binary.AppendUvarint(append(b, 3<<3), main)
	b = binary.AppendUvarint(append(b, 4<<3), 1)
	b = binary.AppendUvarint(append(b, 5<<3|2), uint64(len(o.value)))
	return append(b, o.value...)
}

// save writes what `etcdctl snapshot save` writes.
func save(db *bolt.DB, path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	sum := sha256.New()
	err = db.View(func(tx *bolt.Tx) error {
		_, err := tx.WriteTo(io.MultiWriter(file, sum))
		return err
	})
	if err != nil {
		return err
	}
	_, err = file.Write(sum.Sum(nil))
	return err
}
