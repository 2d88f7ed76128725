package main

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/server/options/encryptionconfig"
	"k8s.io/apiserver/pkg/storage/value"
	aestransformer "k8s.io/apiserver/pkg/storage/value/encrypt/aes"
	"k8s.io/apiserver/pkg/storage/value/encrypt/envelope"
	"k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmsv2"
	kmsservice "k8s.io/kms/pkg/service"
)

// kind is a provider with its size of key, or with its form of KMS data.
type kind string

var kinds = []kind{
	"aesgcm-16", "aesgcm-24", "aesgcm-32",
	"aescbc-16", "aescbc-24", "aescbc-32",
	"secretbox-32",
	"kmsv1-gcm", "kmsv1-cbc", "kmsv2-key", "kmsv2-seed",
}

func (k kind) isKMS() bool { return strings.HasPrefix(string(k), "kms") }

// Names of keys that are hard to tell apart, most likely the plain one.
var names = []string{"key1", "key1", "key1", "a", "a:b", "k:", ":", "é", "with space"}

const kmsName = "lab"

// setting is a configuration with what stands outside of it.
type setting struct{ record }

func newSetting(random *mathrand.Rand, kind kind) *setting {
	s := &setting{record{
		Provider: string(kind),
		EtcdKey:  fmt.Sprintf("/registry/secrets/ns-%d/name-%d", random.IntN(10), random.IntN(1000)),
	}}
	var provider map[string]any
	if kind.isKMS() {
		s.KeyID = fmt.Sprintf("kek-%d", random.IntN(5))
		s.KEK = hex.EncodeToString(bytesOf(random, 32))
		version := string(kind[3:5])
		provider = map[string]any{"kms": map[string]any{
			"apiVersion": version, "name": kmsName, "endpoint": "unix:///run/kms.sock",
		}}
	} else {
		name, size, _ := strings.Cut(string(kind), "-")
		var length int
		fmt.Sscan(size, &length)
		// The first key writes; others with names like its own come after.
		var keys []any
		for range 1 + random.IntN(3) {
			keys = append(keys, map[string]any{
				"name":   names[random.IntN(len(names))],
				"secret": base64.StdEncoding.EncodeToString(bytesOf(random, length)),
			})
		}
		provider = map[string]any{name: map[string]any{"keys": keys}}
	}
	config, _ := json.Marshal(map[string]any{
		"apiVersion": "apiserver.config.k8s.io/v1",
		"kind":       "EncryptionConfiguration",
		"resources": []any{map[string]any{
			"resources": []string{"secrets"},
			"providers": []any{provider},
		}},
	})
	s.Config = string(config)
	return s
}

func (s *setting) dataContext() value.Context { return value.DefaultContext(s.EtcdKey) }

// transformer is what the API server makes of the configuration. Where that
// would call a KMS, the same transformers with a KMS of our own.
func (s *setting) transformer() (value.Transformer, error) {
	if kind(s.Provider).isKMS() {
		return s.kmsTransformer()
	}
	file, err := os.CreateTemp("", "encryption-config")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	if _, err := file.WriteString(s.Config); err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	loaded, err := encryptionconfig.LoadEncryptionConfig(context.Background(), file.Name(), false, "")
	if err != nil {
		return nil, err
	}
	return loaded.Transformers[schema.GroupResource{Resource: "secrets"}], nil
}

func (s *setting) kmsTransformer() (value.Transformer, error) {
	kek, err := hex.DecodeString(s.KEK)
	if err != nil {
		return nil, err
	}
	kms := &localKMS{keyID: s.KeyID}
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, err
	}
	if kms.aead, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	version := s.Provider[3:5]
	prefix := value.PrefixTransformer{Prefix: []byte("k8s:enc:kms:" + version + ":" + kmsName + ":")}
	switch s.Provider {
	case "kmsv1-gcm", "kmsv1-cbc":
		writesCBC := s.Provider == "kmsv1-cbc"
		prefix.Transformer = envelope.NewEnvelopeTransformer(v1Service{kms}, 0, func(block cipher.Block) (value.Transformer, error) {
			gcm, err := aestransformer.NewGCMTransformer(block)
			return union{gcm, aestransformer.NewCBCTransformer(block), writesCBC}, err
		})
	default:
		ctx := context.Background()
		transformer, object, cacheKey, err := kmsv2.GenerateTransformer(ctx, "uid", v2Service{kms}, s.Provider == "kmsv2-seed")
		if err != nil {
			return nil, err
		}
		state := kmsv2.State{
			Transformer:                           transformer,
			EncryptedObjectKeyID:                  object.KeyID,
			EncryptedObjectEncryptedDEKSource:     object.EncryptedDEKSource,
			EncryptedObjectAnnotations:            object.Annotations,
			EncryptedObjectEncryptedDEKSourceType: object.EncryptedDEKSourceType,
			ExpirationTimestamp:                   farFuture,
			CacheKey:                              cacheKey,
			KMSProviderName:                       kmsName,
		}
		prefix.Transformer = kmsv2.NewEnvelopeTransformer(v2Service{kms}, kmsName, func() (kmsv2.State, error) { return state, nil }, "")
	}
	return value.NewPrefixTransformers(fmt.Errorf("no matching prefix found"), prefix), nil
}

// union is encryptionconfig's unionTransformers, which it does not export: reads
// AES-GCM, then AES-CBC. Writes either, as the API server did before 1.25 and does.
type union struct {
	gcm, cbc  value.Transformer
	writesCBC bool
}

func (u union) TransformFromStorage(ctx context.Context, data []byte, dataCtx value.Context) ([]byte, bool, error) {
	out, stale, gcmErr := u.gcm.TransformFromStorage(ctx, data, dataCtx)
	if gcmErr == nil {
		return out, stale, nil
	}
	out, stale, cbcErr := u.cbc.TransformFromStorage(ctx, data, dataCtx)
	if cbcErr == nil {
		return out, stale, nil
	}
	return nil, false, aggregate(gcmErr, cbcErr)
}

func (u union) TransformToStorage(ctx context.Context, data []byte, dataCtx value.Context) ([]byte, error) {
	if u.writesCBC {
		return u.cbc.TransformToStorage(ctx, data, dataCtx)
	}
	return u.gcm.TransformToStorage(ctx, data, dataCtx)
}

// localKMS is the library's LocalKms: AES-GCM under one key.
type localKMS struct {
	keyID string
	aead  cipher.AEAD
}

func (k *localKMS) wrap(plaintext, additional []byte) ([]byte, error) {
	nonce := make([]byte, k.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	return k.aead.Seal(nonce, nonce, plaintext, additional), nil
}

func (k *localKMS) unwrap(wrapped, additional []byte) ([]byte, error) {
	if len(wrapped) < k.aead.NonceSize() {
		return nil, errAuthentication
	}
	nonce, sealed := wrapped[:k.aead.NonceSize()], wrapped[k.aead.NonceSize():]
	plaintext, err := k.aead.Open(nil, nonce, sealed, additional)
	if err != nil {
		return nil, errAuthentication
	}
	return plaintext, nil
}

type v1Service struct{ *localKMS }

func (k v1Service) Encrypt(data []byte) ([]byte, error) {
	wrapped, err := k.wrap(data, nil)
	return append([]byte(k.keyID+":"), wrapped...), err
}

func (k v1Service) Decrypt(data []byte) ([]byte, error) {
	wrapped, mine := strings.CutPrefix(string(data), k.keyID+":")
	if !mine {
		return nil, errNotMine
	}
	return k.unwrap([]byte(wrapped), nil)
}

type v2Service struct{ *localKMS }

func (k v2Service) Encrypt(_ context.Context, _ string, data []byte) (*kmsservice.EncryptResponse, error) {
	wrapped, err := k.wrap(data, []byte(k.keyID))
	return &kmsservice.EncryptResponse{
		Ciphertext:  wrapped,
		KeyID:       k.keyID,
		Annotations: map[string][]byte{"plugin.acme.example": []byte("note")},
	}, err
}

func (k v2Service) Decrypt(_ context.Context, _ string, req *kmsservice.DecryptRequest) ([]byte, error) {
	if req.KeyID != k.keyID {
		return nil, errNotMine
	}
	return k.unwrap(req.Ciphertext, []byte(k.keyID))
}

func (k v2Service) Status(context.Context) (*kmsservice.StatusResponse, error) {
	return &kmsservice.StatusResponse{Version: "v2", Healthz: "ok", KeyID: k.keyID}, nil
}
