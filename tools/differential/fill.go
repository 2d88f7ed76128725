package main

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
	"k8s.io/apimachinery/pkg/util/intstr"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
)

// filler puts random content into objects, of a size that stays in bounds and
// with a liking for the edges: what randfill does not do, which fills all that
// is no pointer, and named strings with anything.
type filler struct {
	*rand.Rand
	// chance is how likely anything is set that need not be.
	chance float64
	// left is how much may still be set.
	left int
}

func (f *filler) object(kind schema.GroupVersionKind) (message, error) {
	object, err := scheme.New(kind)
	if err != nil {
		return nil, err
	}
	f.chance = []float64{0.02, 0.1, 0.25, 0.5, 0.9}[f.IntN(5)]
	f.left = []int{5, 30, 150, 600}[f.IntN(4)]
	f.fill(reflect.ValueOf(object).Elem())
	object.GetObjectKind().SetGroupVersionKind(kind)
	return object.(message), nil
}

// sets decides whether something is set that need not be.
func (f *filler) sets() bool {
	if f.left <= 0 || f.Float64() >= f.chance {
		return false
	}
	f.left--
	return true
}

func (f *filler) fill(value reflect.Value) {
	if f.special(value.Addr().Interface()) {
		return
	}
	switch value.Kind() {
	case reflect.Pointer:
		if f.sets() {
			value.Set(reflect.New(value.Type().Elem()))
			f.fill(value.Elem())
		}
	case reflect.Struct:
		for i := range value.NumField() {
			if field := value.Type().Field(i); field.IsExported() && field.Tag.Get("protobuf") != "-" {
				f.fill(value.Field(i))
			}
		}
	case reflect.Slice:
		if !f.sets() {
			return
		}
		if value.Type().Elem().Kind() == reflect.Uint8 {
			value.SetBytes([]byte(f.text()))
			return
		}
		slice := reflect.MakeSlice(value.Type(), f.IntN(4), 4)
		for i := range slice.Len() {
			f.fill(slice.Index(i))
		}
		value.Set(slice)
	case reflect.Map:
		if !f.sets() {
			return
		}
		value.Set(reflect.MakeMap(value.Type()))
		for range f.IntN(4) {
			key := reflect.New(value.Type().Key()).Elem()
			key.SetString(f.text())
			element := reflect.New(value.Type().Elem()).Elem()
			f.fill(element)
			value.SetMapIndex(key, element)
		}
	case reflect.String:
		if f.sets() {
			value.SetString(f.text())
		}
	case reflect.Bool:
		value.SetBool(f.sets() && f.IntN(2) == 0)
	case reflect.Int32, reflect.Int64, reflect.Int:
		if f.sets() {
			// Go cuts what does not fit.
			value.SetInt(f.integer())
		}
	case reflect.Uint32, reflect.Uint8:
		if f.sets() {
			value.SetUint(uint64(f.integer()))
		}
	case reflect.Float64:
		if f.sets() {
			value.SetFloat(f.double())
		}
	}
}

// special fills the types whose content has a form of its own.
func (f *filler) special(pointer any) bool {
	switch value := pointer.(type) {
	case *metav1.TypeMeta:
		// Never on the wire; the object's own is set afterwards.
	case *metav1.Time:
		if f.sets() {
			value.Time = time.Unix(f.seconds(), 0)
		}
	case *metav1.MicroTime:
		if f.sets() {
			value.Time = time.Unix(f.seconds(), f.Int64N(1e9)).Truncate(time.Microsecond)
		}
	case *resource.Quantity:
		if f.sets() {
			for {
				if quantity, err := resource.ParseQuantity(f.quantity()); err == nil {
					*value = quantity
					break
				}
			}
		}
	case *intstr.IntOrString:
		if f.sets() {
			*value = intstr.FromString(f.text())
			if f.IntN(2) == 0 {
				*value = intstr.FromInt32(int32(f.integer()))
			}
		}
	case *runtime.RawExtension:
		if f.sets() {
			value.Raw = f.document(f.any(3))
		}
	case *metav1.FieldsV1:
		if f.sets() {
			raw := f.document(f.fields(3))
			if f.IntN(2) == 0 {
				raw = bytes.TrimPrefix(raw, selfDescribed)
			}
			value.SetRawBytes(raw)
		}
	case *apiextensionsv1.JSON:
		if f.sets() {
			value.Raw = f.json(f.any(3))
		}
	case *apiextensionsv1beta1.JSON:
		if f.sets() {
			value.Raw = f.json(f.any(3))
		}
	default:
		return false
	}
	return true
}

var pieces = []string{
	"a", "b", "name", "kube-system", "app.kubernetes.io/name", "0", "-", ".", " ", "é", "日本", "😀", "<", ">", "&",
	"\"", "\\", "/", "\n", "\t", "\r", "\b", "\f", "\x00", "\x1f", "\x7f", "\u0080", "\u2028", "\u2029", "\ufffd",
	"\xff", "\xc3", "\xe2\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\x80", "null", "true", "1e3", "~", ": ", "#",
}

func (f *filler) text() string {
	switch f.IntN(8) {
	case 0:
		return ""
	case 1:
		return strings.Repeat(pieces[f.IntN(len(pieces))], 1+f.IntN(200))
	case 2, 3:
		var text strings.Builder
		for range f.IntN(8) {
			text.WriteString(pieces[f.IntN(len(pieces))])
		}
		return text.String()
	}
	return pieces[f.IntN(8)]
}

func (f *filler) integer() int64 {
	switch f.IntN(4) {
	case 0:
		edges := []int64{-1, 1, 127, 128, 300, 1 << 31, 1<<31 - 1, -1 << 31, 1 << 32, 1<<63 - 1, -1 << 63, 80, 8080}
		return edges[f.IntN(len(edges))]
	case 1:
		return int64(f.Uint64() >> f.IntN(64))
	}
	return f.Int64N(1000)
}

func (f *filler) double() float64 {
	switch f.IntN(4) {
	case 0:
		edges := []float64{-1, 0.1, 1e20, 1e21, 1e-6, 9.99e-7, math.MaxFloat64, math.SmallestNonzeroFloat64,
			math.Copysign(0, -1), 123456789012345680, 5e-324, 100}
		return edges[f.IntN(len(edges))]
	case 1:
		for {
			if number := math.Float64frombits(f.Uint64()); !math.IsNaN(number) && !math.IsInf(number, 0) {
				return number
			}
		}
	}
	return float64(f.IntN(1000)) / 8
}

// year1 is Go's zero time.
const year1 = -62135596800

func (f *filler) seconds() int64 {
	switch f.IntN(4) {
	case 0:
		edges := []int64{0, -1, 1, year1, year1 - 1, year1 + 1, 253402300799, 253402300800, -62167219200, -62167219201,
			1 << 40, -1 << 40, 1709164800, 951782400}
		return edges[f.IntN(len(edges))]
	case 1:
		return int64(f.Uint64()) >> (16 + f.IntN(40))
	}
	return 1.7e9 + f.Int64N(1e8)
}

func (f *filler) quantity() string {
	digits := func(n int) string {
		var text strings.Builder
		for range n {
			text.WriteByte("0001234567890099"[f.IntN(16)])
		}
		return text.String()
	}
	text := []string{"", "", "", "-", "+"}[f.IntN(5)]
	text += digits(1 + f.IntN([]int{4, 4, 20, 40}[f.IntN(4)]))
	if f.IntN(3) == 0 {
		text += "." + digits(f.IntN(12))
	}
	suffixes := []string{"", "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "e", "E"}
	suffix := suffixes[f.IntN(len(suffixes))]
	if suffix == "e" || suffix == "E" && f.IntN(2) == 0 {
		suffix += strconv.Itoa(f.IntN(50) - 25)
	}
	return text + suffix
}

// any is what JSON and CBOR can hold.
func (f *filler) any(depth int) any {
	if depth == 0 || f.IntN(3) == 0 {
		switch f.IntN(6) {
		case 0:
			return nil
		case 1:
			return f.IntN(2) == 0
		case 2:
			return f.integer()
		case 3:
			return f.double()
		}
		return strings.ToValidUTF8(f.text(), "�")
	}
	if f.IntN(2) == 0 {
		list := make([]any, f.IntN(4))
		for i := range list {
			list[i] = f.any(depth - 1)
		}
		return list
	}
	members := map[string]any{}
	for range f.IntN(4) {
		members[strings.ToValidUTF8(f.text(), "�")] = f.any(depth - 1)
	}
	return members
}

// fields is what managed fields look like.
func (f *filler) fields(depth int) any {
	members := map[string]any{}
	if depth > 0 {
		for range f.IntN(4) {
			members[[]string{"f:metadata", "f:spec", ".", `k:{"name":"a"}`, "v:1", "f:é<"}[f.IntN(6)]] = f.fields(depth - 1)
		}
	}
	return members
}

// selfDescribed is what CBOR begins with in a RawExtension.
var selfDescribed = []byte{0xd9, 0xd9, 0xf7}

// document is CBOR or JSON.
func (f *filler) document(value any) []byte {
	if f.IntN(3) > 0 {
		return f.json(value)
	}
	encoded, err := direct.Marshal(value)
	if err != nil {
		panic(err)
	}
	return append(bytes.Clone(selfDescribed), encoded...)
}

func (f *filler) json(value any) []byte {
	var encoded []byte
	var err error
	if f.IntN(2) == 0 {
		encoded, err = json.Marshal(value)
	} else {
		encoded, err = json.MarshalIndent(value, "", " ")
	}
	if err != nil {
		panic(err)
	}
	return encoded
}
