// Package measure races contestants against each other, one after the other and over
// and over, and makes numbers of what came of it.
package measure

import (
	"math"
	"slices"
)

// Spread is the middle of some numbers, and how far they are apart.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	// MAD is the median of the absolute deviations from the median: half of all numbers
	// are no further from it.
	MAD float64 `json:"mad"`
}

// Summarize makes a Spread of numbers, which are left as they are. Of none it is zero.
func Summarize(numbers []float64) Spread {
	if len(numbers) == 0 {
		return Spread{}
	}
	middle := Median(numbers)
	deviations := make([]float64, len(numbers))
	for i, n := range numbers {
		deviations[i] = math.Abs(n - middle)
	}
	return Spread{middle, slices.Min(numbers), slices.Max(numbers), Median(deviations)}
}

// Median is the number in the middle, or the mean of the two there. Of none it is zero.
func Median(numbers []float64) float64 {
	if len(numbers) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(numbers))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}
