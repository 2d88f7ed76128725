package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

// write makes a database of each page size and kind of freelist: small, inline
// and nested buckets, values with overflow, entries that were deleted again.
func write(dir string) error {
	for _, pageSize := range []int{1 << 10, 4 << 10, 8 << 10, 16 << 10, 64 << 10} {
		for _, noFreelist := range []bool{false, true} {
			order := "little"
			if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
				order = "big"
			}
			name := fmt.Sprintf("go-%s-%d-freelist-%t", order, pageSize, !noFreelist)
			if err := writeFile(filepath.Join(dir, name), pageSize, noFreelist); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func writeFile(base string, pageSize int, noFreelist bool) (err error) {
	db, err := bolt.Open(base+".db", 0o600, &bolt.Options{
		PageSize:       pageSize,
		NoFreelistSync: noFreelist,
		NoSync:         true,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for round := range int64(4) {
		if err := db.Update(func(tx *bolt.Tx) error { return writeRound(tx, round) }); err != nil {
			return err
		}
	}
	return db.View(func(tx *bolt.Tx) error {
		return os.WriteFile(base+".dump", dump(tx), 0o600)
	})
}

func writeRound(tx *bolt.Tx, round int64) error {
	key, err := tx.CreateBucketIfNotExists([]byte("key"))
	if err != nil {
		return err
	}
	for n := range int64(500) {
		e := entry{main: 2 + round*500 + n, key: fmt.Sprintf("/registry/pods/default/pod-%05d", n)}
		e.create, e.version = 2+n, 1+round
		e.value = filler(e.main, 40+int(n%7)*30)
		if n == 250 {
			e.value = filler(e.main, 200_000)
		}
		if err := key.Put(e.filed(), e.message()); err != nil {
			return err
		}
		if old := e.main - 500; old > 1 && n%3 != 0 {
			if err := key.Delete(filed(old, 0, false)); err != nil {
				return err
			}
		}
	}
	meta, err := tx.CreateBucketIfNotExists([]byte("meta"))
	if err != nil {
		return err
	}
	if err := meta.Put([]byte("term"), binary.BigEndian.AppendUint64(nil, uint64(round+1))); err != nil {
		return err
	}
	nested, err := meta.CreateBucketIfNotExists([]byte("nested"))
	if err != nil {
		return err
	}
	return nested.Put([]byte{byte(round)}, filler(round, 10))
}
