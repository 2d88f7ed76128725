package main

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
)

// series is what one line of the picture shows: seconds by bytes.
type series struct {
	name   string
	points [][2]float64
}

// plot draws lines of name, bytes and seconds on standard input, both axes by
// powers of ten, and writes the slope of each at its side: 1 is linear.
func plot(path string) error {
	var all []*series
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != 3 {
			return fmt.Errorf("no name, bytes and seconds: %q", lines.Text())
		}
		bytes, err1 := strconv.ParseFloat(fields[1], 64)
		seconds, err2 := strconv.ParseFloat(fields[2], 64)
		if err1 != nil || err2 != nil || bytes <= 0 || seconds <= 0 {
			return fmt.Errorf("no bytes and seconds: %q", lines.Text())
		}
		if len(all) == 0 || all[len(all)-1].name != fields[0] {
			all = append(all, &series{name: fields[0]})
		}
		last := all[len(all)-1]
		last.points = append(last.points, [2]float64{math.Log10(bytes), math.Log10(seconds)})
	}
	if len(all) == 0 {
		return fmt.Errorf("nothing to draw")
	}
	return os.WriteFile(path, []byte(picture(all)), 0o644)
}

// slope is that of the straight line that lies closest.
func (s *series) slope() float64 {
	var x, y, xx, xy float64
	n := float64(len(s.points))
	for _, p := range s.points {
		x, y, xx, xy = x+p[0], y+p[1], xx+p[0]*p[0], xy+p[0]*p[1]
	}
	return (n*xy - x*y) / (n*xx - x*x)
}

const (
	width, height            = 720.0, 460.0
	left, right, top, bottom = 80.0, 20.0, 20.0, 60.0
	plotWidth, plotHeight    = width - left - right, height - top - bottom
)

var colors = []string{"#1b6ca8", "#b8541a", "#3a7d34", "#7a3e9d"}

func picture(all []*series) string {
	low, high := [2]float64{99, 99}, [2]float64{-99, -99}
	for _, s := range all {
		for _, p := range s.points {
			for axis, n := range p {
				low[axis], high[axis] = min(low[axis], math.Floor(n)), max(high[axis], math.Ceil(n))
			}
		}
	}
	x := func(n float64) float64 { return left + (n-low[0])/(high[0]-low[0])*plotWidth }
	y := func(n float64) float64 { return top + (high[1]-n)/(high[1]-low[1])*plotHeight }

	var out strings.Builder
	put := func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }
	put(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" font-family="sans-serif" font-size="13">`, width, height)
	put(`<rect width="100%%" height="100%%" fill="#fff"/>`)
	for n := low[0]; n <= high[0]; n++ {
		put(`<path d="M%.1f %g V%g" stroke="#ddd"/>`, x(n), top, top+plotHeight)
		put(`<text x="%.1f" y="%g" text-anchor="middle">%s</text>`, x(n), top+plotHeight+20, power(int(n), "B"))
	}
	for n := low[1]; n <= high[1]; n++ {
		put(`<path d="M%g %.1f H%g" stroke="#ddd"/>`, left, y(n), left+plotWidth)
		put(`<text x="%g" y="%.1f" text-anchor="end">%s</text>`, left-8, y(n)+4, power(int(n), "s"))
	}
	put(`<text x="%g" y="%g" text-anchor="middle">size</text>`, left+plotWidth/2, height-12)
	put(`<text x="18" y="%g" text-anchor="middle" transform="rotate(-90 18 %[1]g)">time, one core</text>`, top+plotHeight/2)
	for i, s := range all {
		color := colors[i%len(colors)]
		var line []string
		for _, p := range s.points {
			line = append(line, fmt.Sprintf("%.1f,%.1f", x(p[0]), y(p[1])))
			put(`<circle cx="%.1f" cy="%.1f" r="4" fill="%s"/>`, x(p[0]), y(p[1]), color)
		}
		put(`<polyline points="%s" fill="none" stroke="%s" stroke-width="1.5"/>`, strings.Join(line, " "), color)
		put(`<text x="%g" y="%d" fill="%s">%s: slope %.3f</text>`, left+14, int(top)+22+20*i, color, s.name, s.slope())
	}
	put(`</svg>`)
	return out.String()
}

// power is ten to the n with the prefix of its unit.
func power(n int, unit string) string {
	prefixes := map[int]string{-9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}
	group := int(math.Floor(float64(n)/3)) * 3
	return fmt.Sprintf("%g %s%s", math.Pow10(n-group), prefixes[group], unit)
}
