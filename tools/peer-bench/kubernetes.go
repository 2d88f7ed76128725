package main

import (
	"bytes"
	"encoding/json"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

// serializer is what the API server reads stored protobuf with.
var serializer = newSerializer()

func newSerializer() *protobuf.Serializer {
	known := runtime.NewScheme()
	utilruntime.Must(scheme.AddToScheme(known))
	utilruntime.Must(apiextensions.AddToScheme(known))
	utilruntime.Must(apiregistration.AddToScheme(known))
	return protobuf.NewSerializer(known, known)
}

// magic begins each stored protobuf value.
var magic = []byte("k8s\x00")

func decode(value []byte) (runtime.Object, error) {
	object, _, err := serializer.Decode(value, nil, nil)
	return object, err
}

// print writes an object's JSON and a newline.
func print(out *bytes.Buffer, object runtime.Object) error {
	return json.NewEncoder(out).Encode(object)
}

// bare is the value without managedFields.
func bare(value []byte) ([]byte, error) {
	object, err := decode(value)
	if err != nil {
		return nil, err
	}
	accessor, err := meta.Accessor(object)
	if err != nil {
		return nil, err
	}
	accessor.SetManagedFields(nil)
	var out bytes.Buffer
	err = serializer.Encode(object, &out)
	return out.Bytes(), err
}
