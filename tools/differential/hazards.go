package main

import (
	"fmt"
	"math"
	"reflect"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// hazards are the named cases.
func hazards() []hazard {
	var list []hazard
	add := func(name string, value []byte) { list = append(list, hazard{name, value}) }
	pod := func(path string, l leaf) []byte { return stored("v1", "Pod", part{path, l}) }
	meta := func(l leaf, field string) []byte { return pod("metadata."+field, l) }

	add("plain", meta(text("a"), "name"))

	// Nesting.
	const crd = "apiextensions.k8s.io/v1"
	not, _ := numberOf(reflect.TypeFor[apiextensionsv1.JSONSchemaProps](), "not")
	for _, depth := range []int{80, 150} {
		schema := messageOf()
		for range depth {
			schema = messageOf(schema(not))
		}
		add(fmt.Sprintf("nesting: %d schemas", depth),
			stored(crd, "CustomResourceDefinition", part{"spec.versions.schema.openAPIV3Schema.not", schema}))
	}
	groups := strings.Repeat("\x0b", 5000) + strings.Repeat("\x0c", 5000)
	add("nesting: 5000 groups at a known number", envelope("v1", "Pod", []byte(groups)))
	groups = strings.ReplaceAll(groups, "\x0b", "\xc3\x0c")
	add("nesting: 5000 unknown groups", envelope("v1", "Pod", []byte(groups)))
	add("nesting: 5000 unknown groups, one without an end", envelope("v1", "Pod", []byte(groups[:len(groups)-1])))
	data := func(raw string) []byte {
		return stored("apps/v1", "ControllerRevision", part{"data.raw", text(raw)})
	}
	for _, depth := range []int{10000, 10001} {
		add(fmt.Sprintf("nesting: JSON %d deep", depth), data(strings.Repeat("[", depth)+strings.Repeat("]", depth)))
	}
	for _, depth := range []int{32, 63, 64, 65, 128, 129} {
		add(fmt.Sprintf("nesting: CBOR %d deep", depth), data("\xd9\xd9\xf7"+strings.Repeat("\x81", depth)+"\x00"))
	}

	// Lengths.
	for _, n := range []uint64{2, 1 << 20, math.MaxInt32, 1 << 31, 1 << 32, math.MaxInt64, 1 << 63, math.MaxUint64} {
		add(fmt.Sprintf("length: %d of a string", n), meta(length(n, "a"), "name"))
		add(fmt.Sprintf("length: %d of a message", n), pod("spec", length(n, "\x18")))
		add(fmt.Sprintf("length: %d of an unknown field", n), pod("200", length(n, "a")))
		add(fmt.Sprintf("length: %d of a map entry", n), meta(length(n, "\x0a"), "labels"))
		add(fmt.Sprintf("length: %d of a map's key", n), meta(messageOf(length(n, "a")(1)), "labels"))
		add(fmt.Sprintf("length: %d of packed integers", n), pod("spec.securityContext.supplementalGroups", length(n, "\x01")))
	}
	add("length: a map's key runs into the next field", pod("metadata",
		messageOf(messageOf(length(3, "a")(1))(11), text("bc")(1))))

	// Groups.
	group := func(inner ...byte) leaf {
		return func(number uint64) []byte {
			return append(tagged(wireGroup, inner...)(number), tagged(wireEnd)(number)...)
		}
	}
	add("group: known string", meta(group(), "name"))
	add("group: known message", pod("spec", group()))
	add("group: known list", pod("spec.containers", group()))
	add("group: known map", meta(group(), "labels"))
	add("group: unknown", pod("200", group(0x08, 0x01)))
	add("group: unknown, nested", pod("200", group(0x0b, 0x10, 0x01, 0x0c)))
	add("group: unknown, ended by another number", pod("200", tagged(wireGroup, 0x0c)))
	add("group: unknown, number zero inside", pod("200", group(0x00, 0x01)))
	add("group: unknown, without an end", pod("200", tagged(wireGroup, 0x08, 0x01)))
	add("group: unknown, wire type 7 inside", pod("200", group(0x0f)))
	add("group: end that never began", pod("200", tagged(wireEnd)))
	add("group: end at a known number", pod("spec", tagged(wireEnd)))
	add("group: in a map entry", meta(messageOf([]byte{0x1b, 0x1c}, text("a")(1)), "labels"))
	add("group: end in a map entry", meta(messageOf([]byte{0x1c}, text("a")(1)), "labels"))

	// Wire types and numbers.
	add("wire type: string as varint", meta(number(1), "name"))
	add("wire type: int64 as bytes", meta(text("a"), "generation"))
	add("wire type: int64 as fixed64", meta(tagged(wireFixed64, 1, 0, 0, 0, 0, 0, 0, 0), "generation"))
	add("wire type: bool as fixed32", pod("spec.hostNetwork", tagged(wireFixed32, 1, 0, 0, 0)))
	add("wire type: message as fixed64", pod("spec", tagged(wireFixed64, 0, 0, 0, 0, 0, 0, 0, 0)))
	add("wire type: list of strings as varint", meta(number(1), "finalizers"))
	add("wire type: list of integers as fixed64", pod("spec.securityContext.supplementalGroups", tagged(wireFixed64, 0, 0, 0, 0, 0, 0, 0, 0)))
	add("wire type: map as varint", meta(number(1), "labels"))
	add("wire type: retired field as varint", meta(number(1), "15"))
	add("wire type: retired field", meta(text("cluster"), "15"))
	for wireType := range byte(8) {
		add(fmt.Sprintf("wire type: %d on a map's key", wireType), meta(messageOf(tagged(wireType, 1, 'a')(1), text("b")(2)), "labels"))
		add(fmt.Sprintf("wire type: %d on a map's value", wireType), meta(messageOf(text("a")(1), tagged(wireType, 1, 'b')(2)), "labels"))
		add(fmt.Sprintf("wire type: %d on an unknown field", wireType), pod("200", tagged(wireType, 0, 0, 0, 0, 0, 0, 0, 0)))
	}
	for _, n := range []uint64{0, 1<<29 - 1, 1 << 29, 1<<31 - 1, 1 << 31, 1<<32 + 2, 1<<61 - 1} {
		add(fmt.Sprintf("number: %d", n), pod(fmt.Sprint(n), text("")))
		add(fmt.Sprintf("number: %d in a map entry", n), meta(messageOf(text("")(n)), "labels"))
	}

	// The same number twice.
	add("twice: string", meta(all(text("a"), text("b")), "name"))
	add("twice: string, then empty", meta(all(text("a"), text("")), "name"))
	add("twice: pointer to a number", pod("spec.priority", all(number(1), number(0))))
	add("twice: message", stored("v1", "Pod", part{"spec.nodeName", text("n")}, part{"spec.hostname", text("h")}))
	add("twice: message, the second empty", stored("v1", "Pod", part{"spec.nodeName", text("n")}, part{"spec", messageOf()}))
	add("twice: pointer to a message", stored("v1", "Pod",
		part{"spec.securityContext.runAsUser", number(1)}, part{"spec.securityContext.runAsGroup", number(2)}))
	add("twice: message with a list", stored("v1", "Pod",
		part{"spec.containers.name", text("a")}, part{"spec.containers.name", text("b")}))
	add("twice: message with a map", stored("v1", "Pod",
		part{"metadata.labels", messageOf(text("a")(1), text("1")(2))}, part{"metadata.labels", messageOf(text("a")(1), text("2")(2))}))
	add("twice: time", meta(all(messageOf(number(1)(1)), messageOf(number(2)(1))), "creationTimestamp"))
	add("twice: time, the second empty", meta(all(messageOf(number(1)(1)), messageOf()), "creationTimestamp"))
	add("twice: time, the second without seconds", meta(all(messageOf(number(5)(1)), messageOf(number(1)(2))), "creationTimestamp"))
	quota := func(l leaf) []byte {
		return stored("v1", "ResourceQuota", part{"spec.hard", messageOf(text("cpu")(1), l(2))})
	}
	add("twice: quantity", quota(messageOf(text("1")(1), text("2")(1))))
	add("twice: quantity, the first bad", quota(messageOf(text("x")(1), text("2")(1))))
	service := func(l leaf) []byte { return stored("v1", "Service", part{"spec.ports.targetPort", l}) }
	add("twice: IntOrString in pieces", service(all(messageOf(number(1)(1)), messageOf(text("http")(3)))))
	raw := text("a")(1)
	add("twice: the envelope's raw", concat(envelope("v1", "Pod", messageOf(raw)(1)), messageOf()(2)))
	add("twice: the envelope's type", concat(envelope("v1", "Pod", nil), messageOf(text("Service")(2))(1)))
	add("twice: the envelope's type, empty", concat(envelope("v1", "Pod", nil), messageOf()(1)))

	// Order.
	add("order: fields from last to first", stored("v1", "Pod",
		part{"status.phase", text("Running")}, part{"spec.nodeName", text("n")}, part{"metadata.namespace", text("ns")},
		part{"metadata.name", text("a")}))
	add("order: envelope from last to first", concat([]byte(prefix), text("")(4), messageOf(messageOf(raw)(1))(2),
		messageOf(text("Pod")(2), text("v1")(1))(1)))
	add("order: list between other fields", stored("v1", "Pod", part{"spec", messageOf(
		messageOf(text("a")(1))(2), text("n")(10), messageOf(text("b")(1))(2))}))

	// Packed integers.
	integers := func(l leaf) []byte { return pod("spec.securityContext.supplementalGroups", l) }
	add("packed: none", integers(text("")))
	add("packed: three", integers(text("\x01\x02\xac\x02")))
	add("packed: with others", integers(all(number(9), text("\x01\x02"), number(8))))
	add("packed: cut short", integers(text("\x01\x80")))
	add("packed: runs into the next field", pod("spec.securityContext", messageOf(text("\x01\x80")(4), number(7)(1))))
	add("packed: a single integer", meta(text("\x01"), "generation"))

	// Varints.
	long := func(n int) []byte { return appendVarint(nil, 1, n-1) }
	for _, n := range []int{2, 9, 10, 11} {
		add(fmt.Sprintf("varint: number in %d bytes", n), meta(tagged(wireVarint, long(n)...), "generation"))
		add(fmt.Sprintf("varint: length in %d bytes", n), meta(tagged(wireBytes, append(long(n), 'a')...), "name"))
		add(fmt.Sprintf("varint: tag in %d bytes", n), envelope("v1", "Pod", append(appendVarint(nil, 10, n-1), 0)))
		add(fmt.Sprintf("varint: unknown number in %d bytes", n), pod("200", tagged(wireVarint, long(n)...)))
	}
	add("varint: bits above the 64th", meta(tagged(wireVarint, []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")...), "generation"))
	add("varint: int32 of more than 32 bits", pod("spec.priority", number(1<<32+5)))
	add("varint: int32 from the 32nd bit", pod("spec.priority", number(1<<31)))
	add("varint: int32 negative in five bytes", pod("spec.priority", tagged(wireVarint, 0xff, 0xff, 0xff, 0xff, 0x0f)))
	add("varint: bool of 2", pod("spec.hostNetwork", number(2)))
	add("varint: bool of 2^32", pod("spec.hostNetwork", number(1<<32)))
	add("varint: cut short", meta(tagged(wireVarint, 0x80), "generation"))

	// UTF-8.
	for _, bad := range [][2]string{
		{"lone byte", "a\xffb"}, {"cut short", "\xe2\x80"}, {"surrogate", "\xed\xa0\x80"}, {"overlong", "\xc0\x80"},
		{"above U+10FFFF", "\xf4\x90\x80\x80"}, {"a real U+FFFD", "\ufffd"},
	} {
		add("UTF-8: "+bad[0]+" in a string", meta(text(bad[1]), "name"))
		add("UTF-8: "+bad[0]+" in a map's key", meta(messageOf(text(bad[1])(1), text("v")(2)), "labels"))
		add("UTF-8: "+bad[0]+" in JSON", data(`{"`+bad[1]+`":"`+bad[1]+`"}`))
		add("UTF-8: "+bad[0]+" in the kind", envelope("v1", bad[1], nil))
		add("UTF-8: "+bad[0]+" in the version of an unversioned kind", envelope(bad[1], "Status", nil))
	}
	add("UTF-8: keys that become equal", meta(all(messageOf(text("\xff")(1), text("1")(2)), messageOf(text("\xfe")(1), text("2")(2))), "labels"))

	// Maps.
	entry := func(key, value string) leaf { return messageOf(text(key)(1), text(value)(2)) }
	add("map: the same key twice", meta(all(entry("a", "1"), entry("b", "2"), entry("a", "3")), "labels"))
	add("map: keys out of order", meta(all(entry("b", "1"), entry("a", "2"), entry("", "3")), "labels"))
	add("map: entry without anything", meta(messageOf(), "labels"))
	add("map: entry without a key", meta(messageOf(text("v")(2)), "labels"))
	add("map: entry without a value", meta(messageOf(text("k")(1)), "labels"))
	add("map: value before key", meta(messageOf(text("v")(2), text("k")(1)), "labels"))
	add("map: two keys in an entry", meta(messageOf(text("a")(1), text("v")(2), text("b")(1)), "labels"))
	add("map: unknown field in an entry", meta(messageOf(text("a")(1), number(5)(3), text("v")(2)), "labels"))
	hard := func(leaves ...leaf) []byte { return stored("v1", "ResourceQuota", part{"spec.hard", all(leaves...)}) }
	quantity := func(key, text_ string) leaf { return messageOf(text(key)(1), messageOf(text(text_)(1))(2)) }
	add("map: overwritten value that is bad", hard(quantity("cpu", "x"), quantity("cpu", "1")))
	add("map: quantity missing", hard(messageOf(text("cpu")(1))))
	add("map: quantity twice in an entry", hard(messageOf(text("cpu")(1), messageOf(text("1")(1))(2), messageOf()(2))))
	add("map: bytes missing", stored("v1", "Secret", part{"data", messageOf(text("k")(1))}))
	add("map: list missing", stored("certificates.k8s.io/v1", "CertificateSigningRequest", part{"spec.extra", messageOf(text("k")(1))}))

	// Quantities.
	for _, odd := range []string{
		"", "0", "00", "+", "-", ".", "5.", ".5", "+3", "00012", "1.50", "-0.25", "1.5Gi", "0.5Gi", "1024Ki", "1000m", "1e3", "1E3", "1E",
		"1e", "1e+", "1e-3", "0.1n", "0.0000000001", "-0.0000000001", "9223372036854775807", "9223372036854775808",
		"-9223372036854775808", "9223372036854775807Ki", "123456789012345678901234567890", "1e21", "1000000000000000000000",
		"1Zi", "1ki", " 1", "1 ", "1_0", "0x10", "NaN", "Inf", "1.2.3", "--1", "1.1Ki", "é", "\xff",
	} {
		add("quantity: "+strings.ToValidUTF8(odd, "bad byte"), hard(quantity("cpu", odd)))
	}
	add("quantity: empty message", hard(messageOf(text("cpu")(1), messageOf()(2))))

	// Times.
	for _, seconds := range []int64{0, -1, -62135596800, -62135596801, -62135596799, -62167219200, -62167219201, 253402300799,
		253402300800, math.MaxInt32, 1 << 40, math.MaxInt64, math.MinInt64, math.MaxInt64 - 62135596800} {
		add(fmt.Sprintf("time: %d s", seconds), meta(messageOf(number(seconds)(1)), "creationTimestamp"))
		add(fmt.Sprintf("micro time: %d s", seconds), stored("coordination.k8s.io/v1", "Lease", part{"spec.renewTime", messageOf(number(seconds)(1))}))
	}
	for _, nanos := range []int64{1, 999, 1000, 999999999, 1000000000, -1, -1001, math.MaxInt32, math.MinInt32, 1 << 32} {
		add(fmt.Sprintf("time: %d ns", nanos), meta(messageOf(number(1)(1), number(nanos)(2)), "deletionTimestamp"))
		add(fmt.Sprintf("micro time: %d ns", nanos), stored("coordination.k8s.io/v1", "Lease", part{"spec.renewTime", messageOf(number(nanos)(2))}))
	}
	add("time: empty", meta(messageOf(), "deletionTimestamp"))
	add("time: unknown field only", meta(messageOf(number(1)(9)), "deletionTimestamp"))
	add("time: seconds as fixed64", meta(messageOf(tagged(wireFixed64, 0, 0, 0, 0, 0, 0, 0, 0)(1)), "deletionTimestamp"))

	// IntOrString.
	for _, kind := range []int64{0, 1, 2, 3, -1, 1 << 32, 1<<32 + 1, math.MinInt64} {
		add(fmt.Sprintf("IntOrString: type %d", kind), service(messageOf(number(kind)(1), number(80)(2), text("http")(3))))
	}
	add("IntOrString: empty", service(messageOf()))
	add("IntOrString: text alone", service(messageOf(text("http")(3))))

	// JSON and CBOR inside.
	for _, odd := range []string{
		"", " ", "null", " {\"b\": 1.50, \"a\":\"\\/<\\u00e9\"} ", `{"a":1,"a":2}`, "{", "[1,]", "[01]", "nul", "1 2", "\"\\ud800\"",
		"k8s\x00\x0a\x00", "\xef\xbb\xbf{}", "\v1", "\xd9\xd9\xf7", "\xd9\xd9\xf7\xa1aa\x01", "\xa1aa\x01", "\xd9\xd9\xf7\xa2aa\x01aa\x02",
		"\xd9\xd9\xf7\xa1\x01\x02", "\xd9\xd9\xf7\xf9\x7e\x00", "\xd9\xd9\xf7\x42ab", "\xd9\xd9\xf7\xf6", "\xd9\xd9\xf7\x00\x00",
		"\xd9\xd9\xf7\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
	} {
		add(fmt.Sprintf("RawExtension: %q", odd), data(odd))
		add(fmt.Sprintf("FieldsV1: %q", odd), meta(messageOf(messageOf(text(odd)(1))(7)), "managedFields"))
	}
	add("RawExtension: absent", stored("apps/v1", "ControllerRevision", part{"data", messageOf()}))
	for _, double := range []float64{math.NaN(), math.Inf(1), math.Copysign(0, -1), 1e21, 1e-7, 5e-324, math.MaxFloat64} {
		var payload []byte
		for i := range 8 {
			payload = append(payload, byte(math.Float64bits(double)>>(8*i)))
		}
		add(fmt.Sprintf("double: %v", double),
			stored(crd, "CustomResourceDefinition", part{"spec.versions.schema.openAPIV3Schema.maximum", tagged(wireFixed64, payload...)}))
	}

	// The envelope.
	add("envelope: nothing", []byte(prefix))
	add("envelope: another prefix", []byte("k8s\x01\x0a\x00"))
	add("envelope: no type", []byte(prefix+"\x12\x00"))
	add("envelope: no kind", envelope("v1", "", nil))
	add("envelope: no version", envelope("", "Pod", nil))
	add("envelope: empty group", envelope("/v1", "Pod", nil))
	add("envelope: empty version", envelope("apps/", "Deployment", nil))
	add("envelope: a slash alone", envelope("/", "Status", nil))
	add("envelope: three parts", envelope("apps/v1/v1", "Deployment", nil))
	add("envelope: kind that nobody has", envelope("v1", "Nothing", nil))
	add("envelope: kind without a protobuf form", envelope("meta.k8s.io/v1", "Table", nil))
	add("envelope: kind that is gone", envelope("settings.k8s.io/v1alpha1", "PodPreset", nil))
	add("envelope: unversioned kind of an unknown group", envelope("example.com/v7", "Status", nil))
	add("envelope: WatchEvent", stored("v1", "WatchEvent", part{"type", text("ADDED")}))
	add("envelope: contentType", concat(envelope("v1", "Pod", nil), text("application/json")(4)))
	add("envelope: raw missing", concat([]byte(prefix), messageOf(text("v1")(1), text("Pod")(2))(1)))
	add("envelope: unknown field", concat(envelope("v1", "Pod", nil), text("x")(9)))
	add("envelope: the type as varint", concat([]byte(prefix), number(1)(1)))

	// A stored type inside another, of which only the raw bytes are printed.
	event := func(l leaf) []byte { return stored("audit.k8s.io/v1", "Event", part{"requestObject", l}) }
	add("Unknown: type damaged", event(messageOf(messageOf(number(1)(1))(1), text("{}")(2))))
	add("Unknown: JSON", event(messageOf(text("{\"a\": 1}")(2))))
	add("Unknown: protobuf", event(messageOf(text("k8s\x00")(2), text("application/vnd.kubernetes.protobuf")(4))))
	return list
}
