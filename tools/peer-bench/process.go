package main

import (
	"bufio"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// process runs a command with its output thrown away. It prints, of `time`, the
// seconds that passed; of `memory`, the most bytes of memory that were its own:
// RssAnon, which leaves out the mapped file and the program itself.
func process(args []string) error {
	if len(args) < 2 || args[0] != "time" && args[0] != "memory" {
		return fmt.Errorf("usage: peer-bench process time|memory COMMAND...")
	}
	command := exec.Command(args[1], args[2:]...)
	command.Stderr = os.Stderr
	began := time.Now()
	if err := command.Start(); err != nil {
		return err
	}
	peak := make(chan int64)
	done := make(chan struct{})
	if args[0] == "memory" {
		go watch(command.Process.Pid, done, peak)
	}
	err := command.Wait()
	seconds := time.Since(began).Seconds()
	if err != nil {
		return err
	}
	if args[0] == "time" {
		fmt.Printf("%.6f\n", seconds)
		return nil
	}
	close(done)
	fmt.Println(<-peak)
	return nil
}

// watch looks a thousand times a second until done, and sends the most.
func watch(pid int, done <-chan struct{}, peak chan<- int64) {
	most := int64(0)
	for {
		select {
		case <-done:
			peak <- most
			return
		case <-time.After(time.Millisecond):
			most = max(most, anonymous(pid))
		}
	}
}

// anonymous is the memory of a process that no file stands behind; 0 if it is gone.
func anonymous(pid int) int64 {
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	defer file.Close()
	kilobytes := int64(0)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if rest, found := strings.CutPrefix(lines.Text(), "RssAnon:"); found {
			fmt.Sscan(rest, &kilobytes)
		}
	}
	return kilobytes << 10
}

// sections prints how many bytes the loaded sections of one program have beyond
// those of another: all of them, and of that the relocations.
func sections(args []string) error {
	var sums, relocations [2]int64
	for i, path := range args {
		file, err := elf.Open(path)
		if err != nil {
			return err
		}
		for _, section := range file.Sections {
			if section.Flags&elf.SHF_ALLOC == 0 {
				continue
			}
			sums[i] += int64(section.Size)
			if section.Type == elf.SHT_RELA {
				relocations[i] += int64(section.Size)
			}
		}
		file.Close()
	}
	fmt.Printf("%d\t%d\n", sums[0]-sums[1], relocations[0]-relocations[1])
	return nil
}
