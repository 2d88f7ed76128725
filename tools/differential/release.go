package main

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// release is a release's file as `schema-gen add` reads it, see
// tools/schema-gen/README.md. The members stand in the order of those files.
type release struct {
	Project  string                     `json:"project"`
	Release  string                     `json:"release"`
	Messages map[string]*releaseMessage `json:"messages"`
	Kinds    []releaseKind              `json:"kinds"`
}

type releaseMessage struct {
	Special  string         `json:"special,omitempty"`
	Wrapper  string         `json:"wrapper,omitempty"`
	TypeMeta *int           `json:"typeMeta,omitempty"`
	Fields   []releaseField `json:"fields"`
	Source   string         `json:"source"`
}

type releaseField struct {
	Number      uint64 `json:"number"`
	JSON        string `json:"json"`
	Proto       string `json:"proto,omitempty"`
	Type        string `json:"type"`
	Label       string `json:"label"`
	Key         string `json:"key,omitempty"`
	Message     string `json:"message,omitempty"`
	Pointer     bool   `json:"pointer"`
	ElemPointer bool   `json:"elemPointer,omitempty"`
	OmitEmpty   bool   `json:"omitempty"`
	OmitZero    bool   `json:"omitzero"`
	Inline      bool   `json:"inline"`
	NotInJSON   bool   `json:"notInJSON,omitempty"`
}

type releaseKind struct {
	Group   string `json:"group"`
	Version string `json:"version"`
	Kind    string `json:"kind"`
	Message string `json:"message"`
	List    bool   `json:"list"`
	Object  bool   `json:"object"`
	Role    string `json:"role,omitempty"`
	Source  string `json:"source"`
}

// writeRelease writes what reflection sees of the releases that go.mod names.
func writeRelease(out io.Writer, name string) error {
	r := release{Project: "kubernetes", Release: name, Messages: map[string]*releaseMessage{}}
	for _, t := range messages {
		m, err := reflected(t)
		if err != nil {
			return fmt.Errorf("%s: %w", fullName(t), err)
		}
		r.Messages[fullName(t)] = m
	}
	kinds, err := releaseKinds()
	if err != nil {
		return err
	}
	r.Kinds = kinds
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	return encoder.Encode(r)
}

// handMade are the messages whose Go types do not have the fields of their
// protobuf form: their Marshal methods are written by hand. The form is that of
// generated.proto, which reflection does not see.
var handMade = map[string][]releaseField{
	"k8s.io.apimachinery.pkg.api.resource.Quantity":      {one(1, "string", "string")},
	"k8s.io.apimachinery.pkg.api.resource.QuantityValue": {one(1, "string", "string")},
	"k8s.io.apimachinery.pkg.apis.meta.v1.Time":          {one(1, "seconds", "int64"), one(2, "nanos", "int32")},
	"k8s.io.apimachinery.pkg.apis.meta.v1.MicroTime":     {one(1, "seconds", "int64"), one(2, "nanos", "int32")},
	"k8s.io.apimachinery.pkg.runtime.Unknown": {
		{Number: 1, JSON: "typeMeta", Type: "message", Label: "one", Message: "k8s.io.apimachinery.pkg.runtime.TypeMeta"},
		one(2, "raw", "bytes"), one(3, "contentEncoding", "string"), one(4, "contentType", "string"),
	},
}

func one(number uint64, name, kind string) releaseField {
	return releaseField{Number: number, JSON: name, Type: kind, Label: "one"}
}

// known says which Go types are messages.
var known = func() map[reflect.Type]bool {
	known := map[reflect.Type]bool{}
	for _, t := range messages {
		known[t] = true
	}
	return known
}()

func fullName(t reflect.Type) string {
	return strings.NewReplacer("/", ".", "-", "_").Replace(t.PkgPath()) + "." + t.Name()
}

// source is the name of the module that a package is of.
func source(t reflect.Type) string {
	return strings.Split(t.PkgPath(), "/")[1]
}

func reflected(t reflect.Type) (*releaseMessage, error) {
	m := &releaseMessage{Source: source(t), Special: special(t)}
	if fields, ok := handMade[fullName(t)]; ok {
		m.Fields = fields
		return m, nil
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Map:
		m.Wrapper = t.Kind().String()
		field := releaseField{Number: 1, Proto: "items"}
		// The type itself is the message: what it holds is its field.
		err := field.setType(reflect.New(underlying(t)).Elem().Type())
		m.Fields = []releaseField{field}
		return m, err
	case reflect.Struct:
	default:
		return nil, fmt.Errorf("a message that is a %s", t.Kind())
	}
	m.Fields = []releaseField{}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Type == reflect.TypeFor[metav1.TypeMeta]() && f.Anonymous {
			m.TypeMeta = &i
			continue
		}
		tag, ok := f.Tag.Lookup("protobuf")
		if !ok || tag == "-" {
			continue
		}
		field, err := reflectedField(f, tag)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		m.Fields = append(m.Fields, field)
	}
	return m, nil
}

// special is the name of the type whose MarshalJSON prints the message, if any.
func special(t reflect.Type) string {
	marshaler := reflect.TypeFor[json.Marshaler]()
	if !t.Implements(marshaler) && !reflect.PointerTo(t).Implements(marshaler) {
		return ""
	}
	if t.Kind() == reflect.Struct {
		for i := range t.NumField() {
			// The method of an embedded message; time.Time's is hidden by the
			// message's own.
			if f := t.Field(i); f.Anonymous && known[f.Type] && special(f.Type) != "" {
				return special(f.Type)
			}
		}
	}
	return t.Name()
}

// underlying is the type without its name.
func underlying(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Map {
		return reflect.MapOf(t.Key(), t.Elem())
	}
	return reflect.SliceOf(t.Elem())
}

func reflectedField(f reflect.StructField, tag string) (releaseField, error) {
	// A tag without a name means the field's own.
	field := releaseField{Proto: strings.ToLower(f.Name[:1]) + f.Name[1:]}
	// Of the tag, number and name; its words for type and label are often wrong.
	for i, word := range strings.Split(tag, ",") {
		if i == 1 {
			if _, err := fmt.Sscan(word, &field.Number); err != nil {
				return field, fmt.Errorf("tag %q: %w", tag, err)
			}
		}
		if name, ok := strings.CutPrefix(word, "name="); ok {
			field.Proto = name
		}
	}
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	for option := range strings.SplitSeq(options, ",") {
		field.OmitEmpty = field.OmitEmpty || option == "omitempty"
		field.OmitZero = field.OmitZero || option == "omitzero"
	}
	switch {
	case name == "-":
		field.NotInJSON = true
	case name == "" && f.Anonymous:
		field.Inline = true
	case name == "":
		field.JSON = f.Name
	default:
		field.JSON = name
	}
	if field.Proto == field.JSON {
		field.Proto = ""
	}
	return field, field.setType(f.Type)
}

func (f *releaseField) setType(t reflect.Type) error {
	f.Label = "one"
	if t.Kind() == reflect.Pointer {
		f.Pointer = true
		t = t.Elem()
	}
	if !known[t] {
		switch {
		case t.Kind() == reflect.Map:
			f.Label = "map"
			f.Key = t.Key().Kind().String()
			t = t.Elem()
		case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
			f.Label = "repeated"
			t = t.Elem()
		}
		if f.Label != "one" && t.Kind() == reflect.Pointer {
			f.ElemPointer = true
			t = t.Elem()
		}
	}
	switch {
	case known[t]:
		f.Type, f.Message = "message", fullName(t)
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		f.Type = "bytes"
	case t.Kind() == reflect.Float64:
		f.Type = "double"
	case t.Kind() == reflect.Int:
		f.Type = "int64"
	default:
		switch t.Kind() {
		case reflect.String, reflect.Bool, reflect.Int32, reflect.Int64, reflect.Uint32:
			f.Type = t.Kind().String()
		default:
			return fmt.Errorf("no protobuf type for %s", t)
		}
	}
	return nil
}

// releaseKinds are the registered kinds, less what metav1.AddToGroupVersion adds
// to every group version.
func releaseKinds() ([]releaseKind, error) {
	own, added := registered()
	var kinds []releaseKind
	for _, gvk := range own {
		if gvk.Kind == metav1.WatchEventKind {
			continue
		}
		object, err := scheme.New(gvk)
		if err != nil {
			return nil, err
		}
		t := reflect.TypeOf(object).Elem()
		kind := releaseKind{Group: gvk.Group, Version: gvk.Version, Kind: gvk.Kind, Message: fullName(t), Source: source(t)}
		_, kind.List = t.FieldByName("Items")
		objectMeta, ok := t.FieldByName("ObjectMeta")
		kind.Object = ok && objectMeta.Type == reflect.TypeFor[metav1.ObjectMeta]()
		unversioned, _ := scheme.IsUnversioned(object)
		everywhere := slices.ContainsFunc(added, func(a schema.GroupVersionKind) bool { return a.Kind == gvk.Kind })
		if unversioned || gvk.Group == metav1.GroupName && everywhere {
			kind.Role = "unversioned"
		}
		kinds = append(kinds, kind)
	}
	slices.SortFunc(kinds, func(a, b releaseKind) int {
		key := func(k releaseKind) string { return strings.Join([]string{k.Group, k.Version, k.Kind}, "\x00") }
		return strings.Compare(key(a), key(b))
	})
	return kinds, nil
}
