package main

import (
	"context"
	"crypto/aes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"k8s.io/apiserver/pkg/server/options/encryptionconfig"
	"k8s.io/apiserver/pkg/storage/value"
	aestransformer "k8s.io/apiserver/pkg/storage/value/encrypt/aes"
	"k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmsv2"
	"k8s.io/apiserver/pkg/storage/value/encrypt/secretbox"
	kmsservice "k8s.io/kms/pkg/service"
)

// etcdKey is what the values of newCryptoPass are filed under, on both sides.
const etcdKey = "/registry/secrets/default/name"

// newCryptoPass opens 4 KiB, by the transformer alone.
func newCryptoPass(provider string) (pass, error) {
	key := make([]byte, 32)
	plain := make([]byte, 4096)
	for i := range key {
		key[i] = byte(i)
	}
	for i := range plain {
		plain[i] = byte(i)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	var transformer value.Transformer
	switch provider {
	case "aesgcm":
		transformer, err = aestransformer.NewGCMTransformer(block)
	case "aescbc":
		transformer = aestransformer.NewCBCTransformer(block)
	case "secretbox":
		transformer = secretbox.NewSecretboxTransformer([32]byte(key))
	default:
		return nil, fmt.Errorf("unknown provider %q", provider)
	}
	if err != nil {
		return nil, err
	}
	dataContext := value.DefaultContext(etcdKey)
	sealed, err := transformer.TransformToStorage(context.Background(), plain, dataContext)
	if err != nil {
		return nil, err
	}
	return opening(transformer, sealed, dataContext), nil
}

// newTransformer is what the API server makes of a configuration, given its file
// and, for a KMS, the file of what that wrapped.
func newTransformer(files []string) (value.Transformer, error) {
	if len(files) > 1 {
		return newKMSTransformer(files[1])
	}
	loaded, err := encryptionconfig.LoadEncryptionConfig(context.Background(), files[0], false, "")
	if err != nil {
		return nil, err
	}
	// Each of these files has one list of providers for all of its resources.
	for _, transformer := range loaded.Transformers {
		return transformer, nil
	}
	return nil, fmt.Errorf("%s: no resources", files[0])
}

// kmsName is the provider's name in the shared snapshots.
const kmsName = "labkms"

func newKMSTransformer(file string) (value.Transformer, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var kms struct{ Map map[string]string }
	if err := json.Unmarshal(text, &kms); err != nil {
		return nil, err
	}
	service := recorded{}
	for wrapped, plain := range kms.Map {
		wrapped, err1 := hex.DecodeString(wrapped)
		plain, err2 := hex.DecodeString(plain)
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("%s: no hexadecimal", file)
		}
		service[string(wrapped)] = plain
	}
	// Only reading is asked for; of the state, its expiry tells whether the
	// cache of keys is kept.
	state := kmsv2.State{ExpirationTimestamp: time.Now().AddDate(10, 0, 0), KMSProviderName: kmsName}
	return value.NewPrefixTransformers(fmt.Errorf("no matching prefix found"), value.PrefixTransformer{
		Prefix:      []byte("k8s:enc:kms:v2:" + kmsName + ":"),
		Transformer: kmsv2.NewEnvelopeTransformer(service, kmsName, func() (kmsv2.State, error) { return state, nil }, ""),
	}), nil
}

// recorded is a KMS that knows what was wrapped.
type recorded map[string][]byte

func (r recorded) Decrypt(_ context.Context, _ string, request *kmsservice.DecryptRequest) ([]byte, error) {
	plain, found := r[string(request.Ciphertext)]
	if !found {
		return nil, fmt.Errorf("no such wrapped key")
	}
	return plain, nil
}

func (recorded) Encrypt(context.Context, string, []byte) (*kmsservice.EncryptResponse, error) {
	return nil, fmt.Errorf("it only reads")
}

func (recorded) Status(context.Context) (*kmsservice.StatusResponse, error) {
	return &kmsservice.StatusResponse{Version: "v2", Healthz: "ok"}, nil
}
