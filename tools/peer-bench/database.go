package main

import (
	"bufio"
	"bytes"
	"os"
)

// database prints each key and the JSON of its value: the least that any program
// of Kubernetes' own packages has to do for it.
func database(path string) error {
	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	var line bytes.Buffer
	err := entries(path, func(key, value []byte) error {
		line.Reset()
		line.Write(key)
		line.WriteByte('\n')
		if !bytes.HasPrefix(value, magic) {
			line.Write(value)
		} else if object, err := decode(value); err != nil {
			line.WriteString(err.Error())
		} else if err := print(&line, object); err != nil {
			return err
		}
		_, err := out.Write(line.Bytes())
		return err
	})
	if err != nil {
		return err
	}
	return out.Flush()
}
