package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/apis/apiserver"
	apiserverv1 "k8s.io/apiserver/pkg/apis/apiserver/v1"
	"k8s.io/apiserver/pkg/apis/apiserver/validation"
	"k8s.io/apiserver/pkg/server/options/encryptionconfig"
	"k8s.io/kms/pkg/util"
)

// loader reads configurations as the API server does when it starts.
type loader struct {
	decoder runtime.Decoder
	folder  string
}

func newLoader() (*loader, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{apiserver.AddToScheme, apiserverv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	folder, err := os.MkdirTemp("", "encryption-config")
	if err != nil {
		return nil, err
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDecoder()
	return &loader{decoder, folder}, nil
}

func (l *loader) close() { os.RemoveAll(l.folder) }

// load returns the names of all keys and KMS providers. What has KMS providers is
// loaded with `identity` in their place, since the loader would call them; the
// endpoints are read as their clients read them.
func (l *loader) load(file []byte) (names []string, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			names, err = nil, fmt.Errorf("panic: %v", panicked)
		}
	}()
	if len(file) == 0 {
		return nil, fmt.Errorf("empty")
	}
	object, _, err := l.decoder.Decode(file, nil, nil)
	if err != nil {
		return nil, err
	}
	config, ok := object.(*apiserver.EncryptionConfiguration)
	if !ok {
		return nil, fmt.Errorf("not an EncryptionConfiguration")
	}
	if err := validation.ValidateEncryptionConfiguration(config, false).ToAggregate(); err != nil {
		return nil, err
	}
	names = []string{}
	calls := false
	for _, rule := range config.Resources {
		for _, provider := range rule.Providers {
			var keys []apiserver.Key
			switch {
			case provider.AESGCM != nil:
				keys = provider.AESGCM.Keys
			case provider.AESCBC != nil:
				keys = provider.AESCBC.Keys
			case provider.Secretbox != nil:
				keys = provider.Secretbox.Keys
			case provider.KMS != nil:
				calls = true
				names = append(names, provider.KMS.Name)
				if _, err := util.ParseEndpoint(provider.KMS.Endpoint); err != nil {
					return nil, err
				}
			}
			for _, key := range keys {
				names = append(names, key.Name)
			}
		}
	}
	if calls {
		file = plain(config)
	}
	path := filepath.Join(l.folder, "config")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		return nil, err
	}
	if _, err := encryptionconfig.LoadEncryptionConfig(context.Background(), path, false, ""); err != nil {
		return nil, err
	}
	return names, nil
}

// plain has the rules of config and no keys: rules that mask others do not depend
// on the providers.
func plain(config *apiserver.EncryptionConfiguration) []byte {
	var rules strings.Builder
	rules.WriteString("apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n")
	for _, rule := range config.Resources {
		fmt.Fprintf(&rules, "- providers: [identity: {}]\n  resources:\n")
		for _, resource := range rule.Resources {
			fmt.Fprintf(&rules, "  - %q\n", resource)
		}
	}
	return []byte(rules.String())
}

// verdict is a line of a table: the input, VALID or REFUSED, and the names.
func (l *loader) verdict(input, file []byte) (string, error) {
	encode := base64.StdEncoding.EncodeToString
	names, err := l.load(file)
	if err != nil {
		return encode(input) + "\tREFUSED\t", err
	}
	var encoded []string
	for _, name := range names {
		encoded = append(encoded, encode([]byte(name)))
	}
	return encode(input) + "\tVALID\t" + strings.Join(encoded, ","), nil
}

// folder prints the verdict on each file below path, with the reason.
func folder(path string) error {
	l, err := newLoader()
	if err != nil {
		return err
	}
	defer l.close()
	files, err := filepath.Glob(filepath.Join(path, "*"))
	if err != nil {
		return err
	}
	sort.Strings(files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if names, err := l.load(text); err != nil {
			fmt.Printf("%s: REFUSED: %v\n", filepath.Base(file), err)
		} else {
			fmt.Printf("%s: VALID: %q\n", filepath.Base(file), names)
		}
	}
	return nil
}
