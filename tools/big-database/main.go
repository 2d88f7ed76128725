// Command big-database makes large input for measuring: the same bytes in every run.
//
//	big-database database MB SNAPSHOT OUT       a database of so many million bytes
//	big-database value configmap|pod BYTES OUT  one stored value
//
// SNAPSHOT is a snapshot, or one that gzip compressed. Its protobuf values are
// repeated under fresh keys and revisions, and the file ends as `etcdctl snapshot
// save` ends it: with the SHA-256 of what is before.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "big-database:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 4 && args[0] == "database" {
		megabytes, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil {
			return err
		}
		return writeDatabase(megabytes*1_000_000, args[2], args[3])
	}
	if len(args) == 4 && args[0] == "value" {
		size, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		return writeValue(args[1], size, args[3])
	}
	return fmt.Errorf("usage: big-database database MB SNAPSHOT OUT | value configmap|pod BYTES OUT")
}
