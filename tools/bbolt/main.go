// Command bbolt is the Go side of what the tests know of database files.
//
//	bbolt check DIR        opens each *.db in DIR, lets tx.Check look at it and
//	                       writes what it holds to a *.go.dump beside it
//	bbolt write DIR        writes databases of several page sizes in the byte
//	                       order of this machine, each with its *.dump
//	bbolt superseded DIR   writes superseded.db and superseded.jsonl, a database
//	                       with history left on free pages and in slack
//
// A dump has a line for each entry, nested buckets included: bucket path, key
// and SHA-256 of the value in hexadecimal, with tabs between. check.sh compares.
package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	bolt "go.etcd.io/bbolt"
)

func main() {
	commands := map[string]func(string) error{
		"check":      check,
		"write":      write,
		"superseded": superseded,
	}
	if len(os.Args) != 3 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: bbolt check|write|superseded DIR")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "bbolt:", err)
		os.Exit(1)
	}
}

func check(dir string) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*.db"))
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return fmt.Errorf("%s: no databases", dir)
	}
	entries := 0
	for _, path := range paths {
		dumped, err := checkFile(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		entries += bytes.Count(dumped, []byte("\n"))
		if err := os.WriteFile(strings.TrimSuffix(path, ".db")+".go.dump", dumped, 0o600); err != nil {
			return err
		}
	}
	fmt.Printf("%d files opened and checked, %d entries\n", len(paths), entries)
	return nil
}

func checkFile(path string) (dumped []byte, err error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, PreLoadFreelist: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return dumped, db.View(func(tx *bolt.Tx) error {
		var found []error
		for err := range tx.Check() {
			found = append(found, err)
		}
		dumped = dump(tx)
		return errors.Join(found...)
	})
}

func dump(tx *bolt.Tx) []byte {
	var out bytes.Buffer
	_ = tx.ForEach(func(name []byte, b *bolt.Bucket) error {
		dumpBucket(&out, fmt.Sprintf("%x", name), b)
		return nil
	})
	return out.Bytes()
}

func dumpBucket(out *bytes.Buffer, path string, b *bolt.Bucket) {
	_ = b.ForEach(func(key, value []byte) error {
		if nested := b.Bucket(key); value == nil && nested != nil {
			dumpBucket(out, fmt.Sprintf("%s/%x", path, key), nested)
			return nil
		}
		fmt.Fprintf(out, "%s\t%x\t%x\n", path, key, sha256.Sum256(value))
		return nil
	})
}
