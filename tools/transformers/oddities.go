package main

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"unicode/utf16"
)

// Head and foot of a file whose only key has the name that stands between them.
const (
	beforeName = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n" +
		"- resources: [secrets]\n  providers:\n  - aescbc:\n      keys:\n      - name: "
	afterName = "\n        secret: xkG214eU8Ut6qNvUj4apbXoYljboC5jU8rAL/AIqDFI=\n"
)

// What numbers, booleans, nulls and times are made of, and what is nearly one.
var words = []string{
	"y", "Y", "yes", "Yes", "YES", "yEs", "no", "No", "NO", "nO", "n", "N", "on", "On", "ON", "oN", "off", "Off",
	"OFF", "oFF", "true", "True", "TRUE", "tRue", "false", "False", "FALSE", "fALSE", "null", "Null", "NULL", "nULL",
	"~", "~~", ".inf", ".Inf", ".INF", ".iNF", "+.inf", "-.inf", "-.INF", "+.INF", "--.inf", ".nan", ".NaN", ".NAN",
	".NAn", "+.NaN", "-.nan", "<<", "=", "==", "<", "inf", "NaN", "Infinity", "0x", "0b", "0o", "2020-01-01",
	"2020-1-1", "2020-13-01", "2020-01-01T00:00:00Z", "2020-01-01 1:2:3", "2020-01-01t1:2:3.5+01:00", "12:30:45",
	"1:30", "190:20:30", "-1:60", "key1", "a:b", "a: b", "a #b", "a#b", "- a", "-a", "--- a", "...", "? a", "?a", ":a",
	"a:", "a,b", "a]", "[a]", "{a}", "{}", "[]", "@a", "`a", "%a", "&a", "*a", "&a b", "*a b", "!a", "!", "! a",
	"!!str a", "!!str 1", "!!int 1", "!!int \"1\"", "!!int a", "!!float 1", "!!float 1.5", "!!float .inf", "!!bool yes",
	"!!bool a", "!!null ''", "!!null a", "!!null", "!!str", "!!str null", "!!binary YQ==", "!!binary YR==",
	"!!binary Y", "!!binary /w==", "!!timestamp 2020-01-01", "!!timestamp 2020-02-30", "!!timestamp a",
	"!!timestamp 2020-01-01T1:1:1Z", "!!merge <<", "!!set {}", "!foo 1", "!foo yes", "!<tag:yaml.org,2002:str> 1",
	"!<tag:yaml.org,2002:int> 1", "!<foo> 1", "!e!a 1", "!!%73tr 1", "!!%zz 1", "!!str,1", "! 1", "! 'a'", "| a", ">", "|",
	"|\n          a", ">\n          a\n          b", "|-\n          a\n\n", "|2\n          a", "|+\n          a\n\n",
	">-\n          a\n\n          b", "a\n          b", "a\n\n          b", "a\n        b", "'a\n          b'",
	"\"a\n          b\"", "\"a\\\n          b\"", "'a''b'", "''", "\"\"", "'", "\"", "'a' b", "\"a\" b", "'a'b", "'a':b",
}

// What words and digits are mixed with.
var scraps = []string{
	"", "0", "1", "7", "9", "12", "226", "00", "08", "017", "_", "__", "+", "-", ".", "e", "E", "e5", "e+5", "E-5",
	"e98765", "e400", "0x", "0X", "0b", "0B", "0o", "0O", "f", "ff", "5d9fa", "1f", "101", "a", "z", ":", "::", "/", "\\",
	"\\/", "'", "''", "\"", "\\\"", "\\\\", "\\n", "\\t", "\\0", "\\e", "\\x41", "\\xff", "\\u00e9", "\\ud83d\\udd11",
	"\\U0001F511", "\\ud83d", "\\U00110000", "\\N", "\\_", "\\L", "\\P", "\\ ", "\\q", "\\x4", " ", "  ", "\t", " #", "#",
	": ", " :", ",", ", ", "[", "]", "{", "}", "&", "*", "!", "|", ">", "%", "@", "`", "?", "? ", "- ", "<<", "~", "é",
	"\u00a0", "\u0085", "\u2028", "\u2029", "\ufeff", "\ufffd", "\ufffe", "\U0001f511", "\x00", "\x01", "\x07", "\x1b",
	"\x7f", "\u0080", "\u009f", "\xff", "\xc3", "\xed\xa0\x80", "\r", "\r\n        ", "\n", "\n          ", "\n\n          ",
	"\n\t", "\n        \t", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616",
	"123456789012345678901234567890", "1e400", "1.5", ".5", "5.", "-.5", "+.5e1", "..", "...", "---", "2020-01-01",
}

func pick(random *rand.Rand, from []string) string { return from[random.IntN(len(from))] }

// oddName is a scalar, or what could be taken for one.
func oddName(random *rand.Rand) string {
	var name string
	switch random.IntN(8) {
	case 0:
		name = pick(random, words)
	case 1:
		name = pick(random, words) + pick(random, scraps)
	case 2:
		// A number, well made or not.
		const digits = "0123456789abcdefxobXOB__.+-eE"
		for range 1 + random.IntN(8) {
			reach := len(digits)
			if random.IntN(3) > 0 {
				reach = 10
			}
			name += string(digits[random.IntN(reach)])
		}
		if random.IntN(3) == 0 {
			name = pick(random, []string{"0x", "0o", "0b", "0", "-", "+", "-0x", "+0b", "0b-", "."}) + name
		}
	default:
		for range 1 + random.IntN(4) {
			name += pick(random, scraps)
		}
	}
	switch random.IntN(12) {
	case 0:
		name = "'" + name + "'"
	case 1, 2:
		name = "\"" + name + "\""
	case 3:
		name = pick(random, []string{"!!str ", "!!int ", "!!float ", "!foo ", "! ", "&a ", "!!binary ", "!!bool "}) + name
	}
	return name
}

// Lines, and pieces of them, that mean something to YAML.
var lines = []string{
	"---", "--- ", "---\t#", "...", "... #", "...x", "--- {}", "%YAML 1.1", "%YAML 1.2", "%YAML 1.1\n---", "%YAML 1.2\n---",
	"%TAG ! tag:a,1:\n---", "%TAG !e! tag:yaml.org,2002:\n---", "%FOO\n---", "# rest", "\t", "  \t", "\t# rest", " ", "",
	"metadata:\n  name: a", "kind: EncryptionConfig", "<<: {kind: a}", "<<: {}", "<<: []", "<<: [{}, {}]", "<<: 1",
	"x: &x {}", "? kind\n: a", "? a", ": a", "- a", "resources: []", "null: a", "1: a", "true: a", "~: a", "1.5: a", "[a]: b",
	"{a: b}: c", "!!binary a2luZA==: EncryptionConfiguration", "\"kind\": a", "'kind': a", "\x00", "\xff", "\ufeff",
	"\u0085", "\u2028", "- resources: [pods]\n  providers: [identity: {}]", "- resources: ['*.*']\n  providers: [identity: {}]",
	"- &r\n  resources: [pods]\n  providers: [identity: {}]\n- <<: *r\n- *r", "- <<: *r", "- *r",
}

// What changes nothing, where it may stand.
var neutral = []string{
	" ", "  ", "\n", "\n\n", "\t", " \t", "# rest\n", " # rest\n", "\n# rest\n", "\n\t# rest\n", "\r\n", "\r", "\u0085", "\u2028", "\ufeff",
	"&a ", "&a\n", "!!str ", "!!map ", "!!seq ", "! ", "!foo ", "!!map &b ", "&b !!seq ", "!!omap ", "? ", "- ", ",", "\"\"", "''",
	"\n---\n", "\n...\n", "--- ", "---\n", "%YAML 1.1\n---\n", "<<: {}\n", "<<: {}, ",
}

// Characters that mean something to YAML or JSON.
const marks = " \t\r\n:-?,[]{}#&*!|>'\"%@`\\/~=<.0a_\x00\x7f"

// Documents that odd files are made of.
var documents = []string{
	beforeName + "key1" + afterName,
	beforeName + "&k 'key1'" + afterName + "      - {name: *k , secret: QUJDQUJDQUJDQUJDQUJDQQ==}\n",
	"kind: EncryptionConfiguration\napiVersion: apiserver.config.k8s.io/v1\nresources:\n- resources: [secrets, '*.apps']\n" +
		"  providers: [kms: {apiVersion: v2, name: lab, endpoint: 'unix:///run/kms.sock', timeout: 3s}, identity: {}]\n" +
		"- {resources: [pods], providers: [kms: {name: old, cachesize: 100, endpoint: unix:///run/old.sock}]}\n",
	`{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{"resources":["secrets"],` +
		`"providers":[{"aesgcm":{"keys":[{"name":"k\u00e9","secret":"QUJDQUJDQUJDQUJDQUJDQQ=="}]}},{"identity":{}}]}]}`,
	"kind: EncryptionConfig\napiVersion: v1\nresources:\n- resources:\n  - secrets\n  providers:\n  - secretbox:\n" +
		"      keys: &keys\n      - name: >-\n          a\n          b\n        secret: |\n" +
		"          xkG214eU8Ut6qNvUj4apbXoYljboC5jU8rAL/AIqDFI=\n  - aesgcm: {keys: *keys}\n",
}

// oddFile is a document with something odd about it.
func oddFile(random *rand.Rand) []byte {
	text := pick(random, documents)
	for range 1 + random.IntN(8)/6 {
		text = oddity(random, text)
	}
	file := []byte(text)
	switch random.IntN(24) {
	case 0:
		return encodeUTF16(random, text)
	case 1:
		file = append([]byte("\xef\xbb\xbf"), file...)
	case 2:
		return bytes.ReplaceAll(file, []byte("\n"), []byte(pick(random, []string{"\r\n", "\r", "\u0085", "\u2028"})))
	}
	return file
}

func oddity(random *rand.Rand, text string) string {
	if len(text) == 0 {
		return pick(random, lines)
	}
	at := random.IntN(len(text))
	switch random.IntN(30) {
	case 0:
		return text[:at] + text[at+1:]
	case 1:
		return text[:at] + string(marks[random.IntN(len(marks))]) + text[at:]
	case 2:
		return text[:at] + string(marks[random.IntN(len(marks))]) + text[at+1:]
	case 3:
		return text[:at] + pick(random, scraps) + text[at:]
	case 4:
		return text[:at]
	case 5, 6, 7:
		all := strings.SplitAfter(text, "\n")
		at := random.IntN(len(all))
		line := pick(random, lines) + "\n"
		if random.IntN(2) == 0 {
			line = strings.Repeat(" ", random.IntN(9)) + line
		}
		return strings.Join(all[:at], "") + line + strings.Join(all[at:], "")
	case 8:
		// What stands behind the document, near or far.
		padding := strings.Repeat("# rest\n", random.IntN(150))
		return text + pick(random, []string{"---\n", "...\n", "---", "--- a\n", ""}) + padding +
			pick(random, append(scraps, lines...)) + "\n"
	case 9:
		return pick(random, lines) + "\n" + text
	case 10, 11, 12:
		// A value in place of another.
		before, after, _ := strings.Cut(text[at:], ": ")
		_, after, _ = strings.Cut(after, pick(random, []string{"\n", ",", "}"}))
		return text[:at] + before + ": " + oddValue(random) + "\n" + after
	default:
		// What may change nothing.
		from := pick(random, []string{": ", ":\n", "- ", "[", "{", "]", "\n", "\n", ",", " "})
		before, after, found := strings.Cut(text[at:], from)
		if !found {
			return text + pick(random, neutral)
		}
		return text[:at] + before + from + pick(random, neutral) + after
	}
}

// oddValue may stand for a name, and for a number, a duration, a list, a URL.
func oddValue(random *rand.Rand) string {
	switch random.IntN(5) {
	case 0:
		return pick(random, pieces)
	case 1:
		return pick(random, []string{
			"1e2", "100.0", "1e20", "-0.0", "0.5", "-1", "0x10", "1_000", "2147483648", ".inf", "1e400", "18446744073709551616",
			"1h", "1.5h", "-1s", "0.5ns", "1us", "1\u00b5s", "+1s", "1 s", "0", "1e3s",
		})
	case 2:
		url := "'unix:"
		parts := []string{
			"//", "/", "a", "b", ":", "@", "[", "]", "[::1]", "%20", "%2", "%25", "%80", "?", "#", "%zz", " ", "<", "^", "\u00e9", "1", "..",
			"[fe80::1%25a]", "[1.2.3.4]", "[::ffff:1.2.3.4]", "[1:2:3:4:5:6:7::]", "*", "user", "\\",
		}
		for range random.IntN(6) {
			url += pick(random, parts)
		}
		return url + "'"
	default:
		return oddName(random)
	}
}

func encodeUTF16(random *rand.Rand, text string) []byte {
	units := utf16.Encode([]rune("\ufeff" + text))
	if random.IntN(8) == 0 {
		at := random.IntN(len(units))
		units[at] = uint16(random.Uint32())
	}
	big := random.IntN(2) == 0
	var file []byte
	for _, unit := range units {
		high, low := byte(unit>>8), byte(unit)
		if big {
			file = append(file, high, low)
		} else {
			file = append(file, low, high)
		}
	}
	if random.IntN(8) == 0 {
		file = file[:len(file)-1]
	}
	return file
}

// verdicts prints what the API server makes of n names, or of n files.
func verdicts(random *rand.Rand, n int, names bool, out *bufio.Writer) error {
	l, err := newLoader()
	if err != nil {
		return err
	}
	defer l.close()
	for range n {
		var input, file []byte
		if names {
			input = []byte(oddName(random))
			file = []byte(beforeName + string(input) + afterName)
		} else {
			input = oddFile(random)
			file = input
		}
		line, reason := l.verdict(input, file)
		if os.Getenv("REASONS") != "" && reason != nil {
			line += fmt.Sprintf("\t%q", reason)
		}
		fmt.Fprintln(out, line)
	}
	return nil
}
