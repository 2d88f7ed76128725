package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// results holds the least that was measured of each thing, and the bytes that came
// out, by "ours:NAME" and "go:NAME".
type results struct {
	least map[string]float64
	bytes map[string]string
}

// report prints the table of what was measured: lines of side, name, value, bytes.
// It fails if both sides did not do the same, or a floor is missed.
func report(path string) error {
	results, err := read(path)
	if err != nil {
		return err
	}
	fmt.Println("| what | ours | peer | ratio | aim | floor | ok |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- |")
	missed := 0
	for _, row := range rows {
		line, ok := row.line(results)
		if line == "" {
			continue
		}
		fmt.Println(line)
		if !ok {
			missed++
		}
	}
	if missed > 0 {
		return fmt.Errorf("%d rows are below their floors", missed)
	}
	return nil
}

func read(path string) (*results, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r := &results{map[string]float64{}, map[string]string{}}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Split(lines.Text(), "\t")
		side, name := fields[0], fields[1]
		value, err := strconv.ParseFloat(fields[2], 64)
		if err != nil {
			return nil, err
		}
		key := side + ":" + name
		if least, found := r.least[key]; !found || value < least {
			r.least[key] = value
		}
		// The bridge is of other values.
		if len(fields) < 4 || side == "bridge" {
			continue
		}
		r.bytes[key] = fields[3]
		for _, other := range []string{"ours:", "go:"} {
			if bytes, found := r.bytes[other+name]; found && bytes != fields[3] {
				return nil, fmt.Errorf("%s: %s bytes came out on one side, %s on the other", name, bytes, fields[3])
			}
		}
	}
	return r, nil
}

// row is a line of the table: how many times faster one thing is than another, or,
// without a peer, an amount that is not to be exceeded.
type row struct {
	what, ours, peer string
	aim, floor       float64
	// unit is nanoseconds, or what an amount counts.
	unit string
	// perKey is added to aim and floor for each key of the database.
	perKey [2]float64
}

const (
	nanoseconds = "ns"
	seconds     = "s"
	mebibytes   = "MiB"
	megabytes   = "MB"
)

var rows = []row{
	{what: "JSON, against Go's decode and json.Encoder", ours: "ours:json", peer: "go:json", aim: 8, floor: 4},
	{what: "typed, managedFields skipped, against Go's typed decode of the same bytes", ours: "ours:typed-skipping", peer: "go:typed", aim: 1.5, floor: 1},
	{what: "typed, without managedFields in the values, against Go's typed decode", ours: "ours:typed-bare", peer: "go:typed-bare", aim: 1.5, floor: 1},
	{what: "typed, all of it, against Go's typed decode", ours: "ours:typed", peer: "go:typed"},
	{what: "typed, without managedFields in the values, against printing JSON and parsing that", ours: "ours:typed-bare", peer: "ours:printed-and-parsed-bare", aim: 3, floor: 2},
	{what: "typed, managedFields skipped, against printing all of it as JSON and parsing that", ours: "ours:typed-skipping", peer: "ours:printed-and-parsed"},
	{what: "typed, all of it, against printing JSON and parsing that", ours: "ours:typed", peer: "ours:printed-and-parsed"},
	{what: "typed, against prost's structs (k8s-pb)", ours: "ours:typed", peer: "ours:prost"},
	{what: "the same without managedFields in the values", ours: "ours:typed-bare", peer: "ours:prost-bare"},
	{what: "opening 4 KiB: aesgcm", ours: "ours:aesgcm-4k", peer: "go:aesgcm-4k", aim: 1, floor: 0.45},
	{what: "opening 4 KiB: aescbc", ours: "ours:aescbc-4k", peer: "go:aescbc-4k", aim: 1, floor: 1},
	{what: "opening 4 KiB: secretbox", ours: "ours:secretbox-4k", peer: "go:secretbox-4k", aim: 1, floor: 0.75},
	{what: "encrypted value to JSON: aesgcm", ours: "ours:sealed-aesgcm", peer: "go:sealed-aesgcm", aim: 6, floor: 3},
	{what: "encrypted value to JSON: aescbc", ours: "ours:sealed-aescbc", peer: "go:sealed-aescbc", aim: 6, floor: 3},
	{what: "encrypted value to JSON: secretbox", ours: "ours:sealed-secretbox", peer: "go:sealed-secretbox", aim: 6, floor: 3},
	{what: "encrypted value to JSON: kms v2", ours: "ours:sealed-kmsv2", peer: "go:sealed-kmsv2", aim: 6, floor: 3},
	{what: "database to NDJSON, one core, against auger", ours: "ours:database", peer: "auger:database", aim: 30, floor: 15},
	{what: "database to NDJSON, one core, against auger BY REFERENCE, not run", ours: "ours:database", peer: "reference:database", aim: 30, floor: 15},
	{what: "the same, without the bridge: as if this machine were that of the reference", ours: "ours:database", peer: "reference:database-by-size"},
	{what: "database to NDJSON, one core, against bbolt and Go's packages", ours: "ours:database", peer: "go:database"},
	{what: "database to NDJSON, two cores against one", ours: "ours:database-2", peer: "ours:database", aim: 1.9, floor: 1.7},
	{what: "memory of its own for that, one core", ours: "ours:memory", unit: mebibytes, aim: 32 << 20, floor: 64 << 20, perKey: [2]float64{48, 64}},
	{what: "memory of its own for that, two cores", ours: "ours:memory-2", unit: mebibytes, aim: 32 << 20, floor: 64 << 20, perKey: [2]float64{48, 64}},
	{what: "cold build of the library, two cores", ours: "ours:build", unit: seconds, aim: 25, floor: 40},
	{what: "the same with --release", ours: "ours:build-release", unit: seconds},
	{what: "the schema table in a program", ours: "ours:table", unit: megabytes, aim: 1e6, floor: 1.5e6},
}

// line is empty if the row was not measured.
func (r row) line(results *results) (line string, ok bool) {
	ours, found := results.least[r.ours]
	peer := results.least[r.peer]
	if !found || r.peer != "" && peer == 0 {
		return "", true
	}
	if r.peer == "" {
		keys := results.least["ours:keys"]
		aim, floor := r.aim+r.perKey[0]*keys, r.floor+r.perKey[1]*keys
		amount := func(n float64) string { return amount(n, r.unit) }
		if r.aim == 0 {
			return fmt.Sprintf("| %s | %s | | | | | |", r.what, amount(ours)), true
		}
		return fmt.Sprintf("| %s | %s | | | %s | %s | %s |", r.what, amount(ours), amount(aim), amount(floor),
			verdict(ours <= aim, ours <= floor)), ours <= floor
	}
	ratio := peer / ours
	columns := fmt.Sprintf("| %s | %s | %s | %.2fx |", r.what, amount(ours, nanoseconds), amount(peer, nanoseconds), ratio)
	if r.aim == 0 {
		return columns + " | | |", true
	}
	return fmt.Sprintf("%s %gx | %gx | %s |", columns, r.aim, r.floor, verdict(ratio >= r.aim, ratio >= r.floor)), ratio >= r.floor
}

func verdict(aim, floor bool) string {
	switch {
	case aim:
		return "aim"
	case floor:
		return "floor"
	}
	return "NO"
}

func amount(n float64, unit string) string {
	switch unit {
	case seconds:
		return fmt.Sprintf("%.1f s", n)
	case mebibytes:
		return fmt.Sprintf("%.1f MiB", n/(1<<20))
	case megabytes:
		return fmt.Sprintf("%.2f MB", n/1e6)
	}
	if n >= 1e9 {
		return fmt.Sprintf("%.2f s", n/1e9)
	}
	return fmt.Sprintf("%.3f ms", n/1e6)
}
