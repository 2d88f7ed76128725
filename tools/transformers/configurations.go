package main

import (
	_ "embed"
	"math/rand/v2"
	"strings"
)

//go:embed configurations.yaml
var configurations string

// Pieces that are put in place of others.
var pieces = []string{
	"", "null", "~", "{}", "[]", "true", "yes", "y", "on", "0", "1", "-1", "007", "0x10", "1.5", "1e3",
	"1_000", "2147483648", ".inf", "2026-01-01", "''", `"a"`, "'*'", "'*.*'", "'*.'", "'*.apps'", "secrets",
	"secrets.", "Secrets", "deployments.apps", "deployments.extensions", "events.events.k8s.io", "secrets.*",
	"serviceipallocations", "v1", "v2", "v3", "key1", "'a:b'", "identity", "kms", "aesgcm", "aescbc", "secretbox",
	"3s", "0s", "-1s", "1h", "3", "unix:///a", "tcp://a", "/a", "unix://a b", "resources", "providers", "keys",
	"name", "secret", "QUJD", "QUJDQUJDQUJDQUJDQUJDQQ==", "xkG214eU8Ut6qNvUj4apbXoYljboC5jU8rAL/AIqDFI=",
	"EncryptionConfiguration", "EncryptionConfig", "apiserver.config.k8s.io/v1", "&x", "*x", "!!str 1", "# rest",
}

// configure alters the configurations piece by piece.
func configure(random *rand.Rand, n int, write func(any) error) error {
	l, err := newLoader()
	if err != nil {
		return err
	}
	defer l.close()
	documents := strings.Split(configurations, "---\n")
	for i := range n {
		document := documents[i%len(documents)]
		for range random.IntN(3) {
			document = alterText(random, document)
		}
		r := record{Config: document}
		if _, err := l.load([]byte(document)); err != nil {
			r.Error = err.Error()
		}
		if err := write(r); err != nil {
			return err
		}
	}
	return nil
}

// alterText replaces a word by a piece, or drops, doubles or indents a line.
func alterText(random *rand.Rand, text string) string {
	lines := strings.Split(text, "\n")
	at := random.IntN(len(lines))
	switch random.IntN(10) {
	case 0:
		lines = append(lines[:at:at], lines[at+1:]...)
	case 1:
		lines = append(lines[:at+1:at+1], lines[at:]...)
	case 2:
		lines[at] = "  " + lines[at]
	default:
		indent := len(lines[at]) - len(strings.TrimLeft(lines[at], " "))
		words := strings.Fields(lines[at])
		if len(words) == 0 {
			return text
		}
		word := random.IntN(len(words))
		piece := pieces[random.IntN(len(pieces))]
		if strings.HasSuffix(words[word], ":") {
			piece += ":"
		}
		words[word] = piece
		lines[at] = strings.Repeat(" ", indent) + strings.Join(words, " ")
	}
	return strings.Join(lines, "\n")
}
