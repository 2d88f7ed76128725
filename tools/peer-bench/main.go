// Command peer-bench is the Go side of the comparison of speed: what the Rust side
// in src/ does, done by Kubernetes' own packages on the same values. run.sh joins
// the two.
//
//	peer-bench corpus DB OUT                 writes the stored values that this release decodes
//	peer-bench corpus DB OUT CONFIG [KMS]    those of them that the configuration opens
//	peer-bench STAGE SECONDS CORPUS...       times a stage, see README.md
//	peer-bench database DB                   decodes and prints a whole database
//	peer-bench process time|memory COMMAND   runs a command: its seconds, or its memory
//	peer-bench sections WITH WITHOUT         what one program has in its sections beyond another
//	peer-bench report RESULTS                prints the table
//	peer-bench plot OUT                      draws lines on standard input as SVG
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peer-bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("usage: see main.go")
	}
	switch command, rest := args[0], args[1:]; command {
	case "corpus":
		return writeCorpus(rest)
	case "database":
		return database(rest[0])
	case "process":
		return process(rest)
	case "sections":
		return sections(rest)
	case "report":
		return report(rest[0])
	case "plot":
		return plot(rest[0])
	default:
		return stage(command, rest)
	}
}
