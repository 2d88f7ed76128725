package main

import (
	"context"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/apis/apiserver"
	apiserverv1 "k8s.io/apiserver/pkg/apis/apiserver/v1"
	"k8s.io/apiserver/pkg/apis/apiserver/validation"
	"k8s.io/apiserver/pkg/server/options/encryptionconfig"
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
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{apiserver.AddToScheme, apiserverv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return err
		}
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDecoder()
	documents := strings.Split(configurations, "---\n")
	for i := range n {
		document := documents[i%len(documents)]
		for range random.IntN(3) {
			document = alterText(random, document)
		}
		r := record{Config: document}
		if err := check(decoder, document); err != nil {
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

// check is what the API server does with a configuration when it starts, other
// than to call a KMS.
func check(decoder runtime.Decoder, document string) error {
	if len(document) == 0 {
		return fmt.Errorf("empty")
	}
	object, _, err := decoder.Decode([]byte(document), nil, nil)
	if err != nil {
		return err
	}
	config, ok := object.(*apiserver.EncryptionConfiguration)
	if !ok {
		return fmt.Errorf("not an EncryptionConfiguration")
	}
	if err := validation.ValidateEncryptionConfiguration(config, false).ToAggregate(); err != nil {
		return err
	}
	// Rules that mask others are found when the transformers are made. They
	// do not depend on the providers.
	var rules strings.Builder
	rules.WriteString("apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n")
	for _, rule := range config.Resources {
		fmt.Fprintf(&rules, "- providers: [identity: {}]\n  resources:\n")
		for _, resource := range rule.Resources {
			fmt.Fprintf(&rules, "  - %q\n", resource)
		}
	}
	file, err := os.CreateTemp("", "encryption-config")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if _, err := file.WriteString(rules.String()); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	_, err = encryptionconfig.LoadEncryptionConfig(context.Background(), file.Name(), false, "")
	return err
}
