package main

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1beta1 "k8s.io/apimachinery/pkg/apis/meta/v1beta1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

// scheme knows every kind of every registered group version.
var scheme = newScheme()

// serializer is what the API server reads and writes stored protobuf with.
var serializer = protobuf.NewSerializer(scheme, scheme)

func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	utilruntime.Must(metav1.AddMetaToScheme(scheme))
	utilruntime.Must(metav1beta1.AddMetaToScheme(scheme))
	metav1.AddToGroupVersion(scheme, metav1.SchemeGroupVersion)
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	for _, add := range schemes {
		utilruntime.Must(add(scheme))
	}
	return scheme
}

// message is what every type with a protobuf form has.
type message interface {
	runtime.Object
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
}

// registered lists the kinds that have a protobuf form, and apart from them
// those that metav1.AddToGroupVersion adds to each group version.
func registered() (own, added []schema.GroupVersionKind) {
	common := map[string]bool{}
	for kind := range scheme.KnownTypes(schema.GroupVersion{Group: "apps", Version: "v1"}) {
		if strings.HasSuffix(kind, "Options") || kind == metav1.WatchEventKind {
			common[kind] = true
		}
	}
	for kind := range scheme.AllKnownTypes() {
		object, err := scheme.New(kind)
		utilruntime.Must(err)
		if _, ok := object.(message); !ok || kind.Version == runtime.APIVersionInternal {
			continue
		}
		if common[kind.Kind] && kind.Group != metav1.GroupName {
			added = append(added, kind)
		} else {
			own = append(own, kind)
		}
	}
	for _, kinds := range [][]schema.GroupVersionKind{own, added} {
		slices.SortFunc(kinds, func(a, b schema.GroupVersionKind) int {
			return strings.Compare(a.String(), b.String())
		})
	}
	return own, added
}
