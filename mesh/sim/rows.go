package sim

import "time"

// warm is when faults begin: every mesh is whole by then, and its penalties are none.
const warm = 10 * time.Second

// none is the goal of what must not happen.
func none(figure, title string) Goal { return Goal{Figure: figure, Title: title, Unit: Count} }

// within is the goal of what must happen in so many seconds.
func within(figure, title string, most float64) Goal {
	return Goal{Figure: figure, Title: title, Most: most, Unit: Seconds}
}

// noFalse is what holds nearly everywhere.
func noFalse() Goal { return none("false evictions", "healthy nodes evicted") }

// perHour reads a counter twice and records its growth an hour for each of the observers.
func (p *Plan) perHour(figure string, from, to time.Duration, count func(w *world) float64) {
	var before float64
	p.At(from, Measure{Figure: figure + ", at first", Read: func(w *world) float64 {
		before = count(w)
		return before
	}})
	p.At(to, Measure{Figure: figure, Read: func(w *world) float64 {
		return (count(w) - before) / float64(max(1, w.watch.observers)) / (to - from).Hours()
	}})
}

// deadDials is how often the names have been dialled while nobody was there, by those who run.
func deadDials(names ...int) func(w *world) float64 {
	return func(w *world) float64 {
		sum := 0
		for i := range w.watch.hosts {
			for _, x := range names {
				sum += w.watch.view(i, x).deadDials
			}
		}
		return float64(sum) / float64(len(names))
	}
}

// admissions is how often hosts were taken back after an eviction.
func admissions(names ...int) func(w *world) float64 {
	return func(w *world) float64 {
		sum := 0
		for _, x := range names {
			sum += w.watch.admissions[x]
		}
		return float64(sum)
	}
}

// listings is how many honest nodes list one of the names.
func listings(names ...int) func(w *world) float64 {
	return func(w *world) float64 {
		sum := 0
		for _, x := range names {
			sum += w.watch.listed[x]
		}
		return float64(sum)
	}
}
