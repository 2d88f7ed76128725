// Command transformers is the Go side of the two-way check of encryption at
// rest: what the library seals, k8s.io/apiserver opens, and the reverse. The
// Rust side is src/main.rs; check.sh runs both.
//
//	transformers seal N      seals N random values with each provider and key size
//	transformers damage N    damages N values of each, tells what comes of reading
//	transformers configure N alters configurations N times, tells which are accepted
//	transformers open        opens the values on standard input
//	transformers names N     N odd names of a key, and what the API server reads
//	transformers files N     N odd configurations, and what it makes of them
//	transformers folder PATH what it makes of the files there, for people
//
// `names` and `files` print tables: the input, VALID or REFUSED, the names of all
// keys and KMS providers, both in base64. The others speak JSON lines of the type
// record.
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
)

// record is one value, or one configuration. Bytes are in hexadecimal.
type record struct {
	Provider string `json:"provider,omitempty"`
	// Config is the EncryptionConfiguration, Plugin the local KMS key in it.
	Config string `json:"config,omitempty"`
	KeyID  string `json:"keyId,omitempty"`
	KEK    string `json:"kek,omitempty"`
	// EtcdKey is the authenticated data.
	EtcdKey   string `json:"etcdKey,omitempty"`
	Value     string `json:"value,omitempty"`
	Plaintext string `json:"plaintext,omitempty"`
	// Error is what the API server logs, where the value or the configuration
	// is refused.
	Error string `json:"error,omitempty"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "transformers:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 1 && args[0] == "open" {
		return open()
	}
	if len(args) == 2 && args[0] == "folder" {
		return folder(args[1])
	}
	if len(args) != 2 {
		return fmt.Errorf("usage: transformers seal|damage|configure|names|files N | open | folder PATH")
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	// The same values each time, other than what the transformers draw.
	random := rand.New(rand.NewPCG(4, 2026))
	write := json.NewEncoder(out).Encode
	switch args[0] {
	case "seal":
		return seal(random, n, write)
	case "damage":
		return damage(random, n, write)
	case "configure":
		return configure(random, n, write)
	case "names", "files":
		return verdicts(random, n, args[0] == "names", out)
	}
	return fmt.Errorf("unknown command %q", args[0])
}

// seal writes n values of each kind.
func seal(random *rand.Rand, n int, write func(any) error) error {
	for _, kind := range kinds {
		for range n {
			record, err := sealed(random, kind)
			if err != nil {
				return err
			}
			if err := write(record); err != nil {
				return err
			}
		}
	}
	return nil
}

// sealed is a random value under random keys.
func sealed(random *rand.Rand, kind kind) (*record, error) {
	s := newSetting(random, kind)
	transformer, err := s.transformer()
	if err != nil {
		return nil, err
	}
	plaintext := append([]byte("k8s\x00"), bytesOf(random, random.IntN(2000))...)
	value, err := transformer.TransformToStorage(context.Background(), plaintext, s.dataContext())
	if err != nil {
		return nil, err
	}
	r := s.record
	r.Value = hex.EncodeToString(value)
	r.Plaintext = hex.EncodeToString(plaintext)
	return &r, nil
}

// damage writes n altered values of each kind with what reading them gives.
func damage(random *rand.Rand, n int, write func(any) error) error {
	for _, kind := range kinds {
		for range n {
			record, err := sealed(random, kind)
			if err != nil {
				return err
			}
			value, _ := hex.DecodeString(record.Value)
			record.Value = hex.EncodeToString(alter(random, value))
			record.Plaintext, record.Error = "", ""
			plaintext, err := read(record)
			if err != nil {
				record.Error = err.Error()
			} else {
				record.Plaintext = hex.EncodeToString(plaintext)
			}
			if err := write(record); err != nil {
				return err
			}
		}
	}
	return nil
}

// alter changes, cuts, drops or doubles bytes, half of the time near the head.
func alter(random *rand.Rand, value []byte) []byte {
	reach := len(value)
	if random.IntN(2) == 0 {
		reach = min(reach, 200)
	}
	at := random.IntN(reach)
	switch random.IntN(5) {
	case 0:
		return value[:at]
	case 1:
		return append(value[:at:at], value[at+1:]...)
	case 2:
		return append(value[:at+1:at+1], value[at:]...)
	default:
		value[at] ^= byte(1 + random.IntN(255))
		return value
	}
}

// open reads records and compares plaintexts.
func open() error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	counts := map[string]int{}
	for lines.Scan() {
		var r record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return err
		}
		plaintext, err := read(&r)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Provider, err)
		}
		if hex.EncodeToString(plaintext) != r.Plaintext {
			return fmt.Errorf("%s: another plaintext", r.Provider)
		}
		counts[r.Provider]++
	}
	for _, kind := range kinds {
		// AES-CBC under a KMS is only read, by both.
		if n := counts[string(kind)]; n > 0 || kind != "kmsv1-cbc" {
			fmt.Printf("  sealed by us, opened by apiserver: %-22s %d\n", kind, n)
		}
	}
	return lines.Err()
}

// read opens a record's value as the API server with its configuration does.
func read(r *record) (plaintext []byte, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("%v", panicked)
		}
	}()
	s := &setting{record: *r}
	transformer, err := s.transformer()
	if err != nil {
		return nil, err
	}
	value, err := hex.DecodeString(r.Value)
	if err != nil {
		return nil, err
	}
	plaintext, _, err = transformer.TransformFromStorage(context.Background(), value, s.dataContext())
	return plaintext, err
}

func bytesOf(random *rand.Rand, n int) []byte {
	bytes := make([]byte, n)
	for i := range bytes {
		bytes[i] = byte(random.Uint32())
	}
	return bytes
}
