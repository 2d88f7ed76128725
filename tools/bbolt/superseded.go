package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

const (
	pageSize = 4096
	// Entries that stand in the slack of live leaves and nowhere else.
	inSlack = 12
)

// line is one superseded entry: what it said, and where its bytes stand.
type line struct {
	Key       string  `json:"key"`
	Main      int64   `json:"main"`
	Sub       int64   `json:"sub"`
	Tombstone bool    `json:"tombstone"`
	Value     []byte  `json:"value"`
	Place     string  `json:"place"`
	Offsets   []int64 `json:"offsets"`
}

// summary is the manifest's last line.
type summary struct {
	Superseded int `json:"superseded"`
	Live       int `json:"live"`
	// LiveCopies are older copies of entries that are live.
	LiveCopies int `json:"liveCopies"`
}

// superseded writes a store whose past was compacted, as etcd does it: entries
// of the bucket "key" deleted, their pages freed. A reader that stays open keeps
// bbolt from using the freed pages again, so that all of the past is there.
//
// bbolt zeroes a page before it writes it, so its slack holds nothing old.
// Entries in slack are therefore put there by hand, behind the elements.
func superseded(dir string) error {
	base := filepath.Join(dir, "superseded")
	work := base + ".work"
	defer os.Remove(work)
	all, slack, err := live(work, base+".db")
	if err != nil {
		return err
	}
	file, err := os.ReadFile(base + ".db")
	if err != nil {
		return err
	}
	for _, e := range slack {
		if err := plant(file, append(e.filed(), e.message()...)); err != nil {
			return err
		}
	}
	if err := os.WriteFile(base+".db", file, 0o600); err != nil {
		return err
	}
	if _, err := checkFile(base + ".db"); err != nil {
		return err
	}
	return manifest(base, file, all, slack)
}

// live is the store's life: puts, overwrites, deletions, second lives, a large
// value, and a compaction of almost all of it.
func live(work, copy string) (all, slack []entry, err error) {
	db, err := bolt.Open(work, 0o600, &bolt.Options{
		PageSize:        pageSize,
		NoFreelistSync:  true,
		NoSync:          true,
		InitialMmapSize: 64 << 20,
	})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	reader, err := db.Begin(false)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, reader.Rollback()) }()

	created := map[string][2]int64{}
	for n := range int64(inSlack) {
		e := entry{main: 2 + n, key: fmt.Sprintf("/registry/slack/%02d", n), create: 2, version: 1}
		e.tombstone = n%4 == 3
		if !e.tombstone {
			e.value = filler(e.main, 20+int(n)*5)
		}
		slack = append(slack, e)
	}
	main := int64(1 + inSlack)
	for round := range 24 {
		err := db.Update(func(tx *bolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte("key"))
			if err != nil {
				return err
			}
			for n := range 5 {
				main++
				e := change(main, round, n, created)
				all = append(all, e)
				if err := bucket.Put(e.filed(), e.message()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	if err := compact(db, all); err != nil {
		return nil, nil, err
	}
	if err := db.Update(func(tx *bolt.Tx) error { return compacted(tx, main) }); err != nil {
		return nil, nil, err
	}
	return all, slack, db.View(func(tx *bolt.Tx) error { return tx.CopyFile(copy, 0o600) })
}

func change(main int64, round, n int, created map[string][2]int64) entry {
	e := entry{main: main, key: fmt.Sprintf("/registry/secrets/default/name-%02d", (round*3+n*5)%23)}
	life, exists := created[e.key]
	if exists && (round+n)%6 == 5 {
		delete(created, e.key)
		e.tombstone = true
		return e
	}
	if !exists {
		life = [2]int64{main, 0}
	}
	life[1]++
	created[e.key] = life
	e.create, e.version = life[0], life[1]
	e.value = filler(main, 30+n*40)
	if n == 2 && round%8 == 3 {
		e.value = filler(main, 2*pageSize+100*round)
	}
	return e
}

// compact deletes what is no key's latest revision, and deletions. One page of one
// bucket a transaction: bbolt merges changed pages, and writes changed buckets, in
// the order of a map, and the file is to be the same each time.
func compact(db *bolt.DB, all []entry) error {
	latest := map[string]int64{}
	for _, e := range all {
		latest[e.key] = e.main
	}
	for _, e := range all {
		if !e.tombstone && latest[e.key] == e.main {
			continue
		}
		if err := db.Update(func(tx *bolt.Tx) error {
			return tx.Bucket([]byte("key")).Delete(e.filed())
		}); err != nil {
			return err
		}
	}
	return nil
}

// compacted notes up to where, as etcd does.
func compacted(tx *bolt.Tx, main int64) error {
	meta, err := tx.CreateBucket([]byte("meta"))
	if err != nil {
		return err
	}
	return errors.Join(
		meta.Put([]byte("scheduledCompactRev"), filed(main, 0, false)),
		meta.Put([]byte("finishedCompactRev"), filed(main, 0, false)),
	)
}

// plant copies a record to the end of a live leaf, growing towards its elements.
func plant(file, record []byte) error {
	for _, leaf := range liveLeaves(file) {
		end := len(leaf)
		for end > 0 && leaf[end-1] == 0 {
			end--
		}
		// A gap before it, so that what stands before cannot be taken for its key.
		if at := end + 7; at+len(record) <= len(leaf) {
			copy(leaf[at:], record)
			return nil
		}
	}
	return errors.New("no slack is left")
}

// liveLeaves are the leaves of the bucket "key" that the newest tree reaches.
func liveLeaves(file []byte) (leaves [][]byte) {
	page := func(id uint64) []byte { return file[id*pageSize:] }
	u16, u32, u64 := binary.LittleEndian.Uint16, binary.LittleEndian.Uint32, binary.LittleEndian.Uint64
	var walk func(id uint64, isRoot bool)
	walk = func(id uint64, isRoot bool) {
		p := page(id)
		size := (int(u32(p[12:])) + 1) * pageSize
		for n := range int(u16(p[10:])) {
			element := p[16+16*n:]
			switch {
			case u16(p[8:]) == 1:
				walk(u64(element[8:]), isRoot)
			case isRoot:
				pos, keySize := u32(element[4:]), u32(element[8:])
				bucket := element[pos:]
				if string(bucket[:keySize]) == "key" {
					walk(u64(bucket[keySize:]), false)
				}
			}
		}
		if u16(p[8:]) == 2 && !isRoot {
			leaves = append(leaves, p[:size])
		}
	}
	meta := page(0)
	if u64(page(1)[16+48:]) > u64(meta[16+48:]) {
		meta = page(1)
	}
	walk(u64(meta[16+16:]), true)
	return leaves
}

// manifest writes a line for each superseded entry with all places where its
// bytes stand in the file, then the summary.
func manifest(base string, file []byte, all, slack []entry) error {
	out, err := os.Create(base + ".jsonl")
	if err != nil {
		return err
	}
	defer out.Close()
	encoder := json.NewEncoder(out)
	latest := map[string]entry{}
	for _, e := range all {
		latest[e.key] = e
	}
	var sum summary
	write := func(e entry, place string) error {
		offsets := places(file, append(e.filed(), e.message()...))
		if len(offsets) == 0 {
			return fmt.Errorf("revision %d is not in the file", e.main)
		}
		sum.Superseded++
		return encoder.Encode(line{e.key, e.main, e.sub, e.tombstone, e.value, place, offsets})
	}
	for _, e := range all {
		if !e.tombstone && latest[e.key].main == e.main {
			sum.Live++
			sum.LiveCopies += len(places(file, append(e.filed(), e.message()...))) - 1
			continue
		}
		if err := write(e, "free page"); err != nil {
			return err
		}
	}
	for _, e := range slack {
		if err := write(e, "slack"); err != nil {
			return err
		}
	}
	return encoder.Encode(sum)
}

func places(file, record []byte) (offsets []int64) {
	for at := 0; ; {
		found := bytes.Index(file[at:], record)
		if found < 0 {
			return offsets
		}
		offsets = append(offsets, int64(at+found))
		at += found + 1
	}
}
