package web

import (
	"fmt"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"hearsay/topics"
)

const (
	// MaxMetricTags bounds the tags that are labels.
	MaxMetricTags = 8

	// maxTagValues bounds what each label may be since the start: peers say what they like, and a database of metrics keeps
	// every value for ever.
	maxTagValues = 64

	otherValue = "(other)" // of those beyond; no tag has brackets
)

// MatchTags reports whether all of these are among a member's tags: KEY=VALUE, or KEY with any value.
func MatchTags(says topics.Tags, all ...string) bool {
	for _, want := range all {
		key, value, exact := strings.Cut(want, "=")
		if got, ok := says.Get(key); !ok || exact && got != value {
			return false
		}
	}
	return true
}

// CheckMatch refuses what no tag can match. The error wraps topics.RuleTags and shows it.
func CheckMatch(want string) error {
	key, value, _ := strings.Cut(want, "=")
	_, err := topics.MakeTags(map[string]string{key: value})
	return err
}

// tagLabel is a tag's key as Prometheus has names of labels.
func tagLabel(key string) string {
	return "tag_" + strings.NewReplacer(".", "_", "-", "_").Replace(key)
}

// CheckMetricTags refuses keys that cannot be labels together.
func CheckMetricTags(keys []string) error {
	if len(keys) > MaxMetricTags {
		return fmt.Errorf("%d tags: must be at most %d", len(keys), MaxMetricTags)
	}
	seen := make(map[string]string)
	for _, key := range keys {
		if strings.Contains(key, "=") {
			return fmt.Errorf("%.80q: must be the key of a tag, without a value", key)
		}
		if err := CheckMatch(key); err != nil {
			return err
		}
		if other, ok := seen[tagLabel(key)]; ok {
			return fmt.Errorf("%q and %q would both be the label %s", other, key, tagLabel(key))
		}
		seen[tagLabel(key)] = key
	}
	return nil
}

// tagged writes who says which tags.
type tagged struct {
	keys []string
	desc *prometheus.Desc // nil where no tag was chosen

	mu     sync.Mutex
	values []map[string]bool // of each key, those that were a label
}

func newTagged(keys []string) *tagged {
	t := &tagged{keys: keys}
	if len(keys) == 0 {
		return t
	}
	labels := []string{"peer"}
	for _, key := range keys {
		labels = append(labels, tagLabel(key))
		t.values = append(t.values, make(map[string]bool))
	}
	t.desc = prometheus.NewDesc("hearsay_tags", "Tags that a member says, the node itself too. Always 1: to be joined with other metrics by peer.", labels, nil)
	return t
}

// labels are the values of a member's tags, "" for one that it does not say.
func (t *tagged) labels(name topics.Name, says topics.Tags) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := []string{string(name)}
	for i, key := range t.keys {
		value, _ := says.Get(key)
		if !t.values[i][value] && value != "" {
			if len(t.values[i]) >= maxTagValues {
				value = otherValue
			} else {
				t.values[i][value] = true
			}
		}
		out = append(out, value)
	}
	return out
}

func (v *view) collectTags(self topics.Name, t *tagged, out chan<- prometheus.Metric) {
	if t.desc == nil {
		return
	}
	out <- gauge(t.desc, 1, t.labels(self, v.Tags)...)
	for _, m := range v.labelled() {
		out <- gauge(t.desc, 1, t.labels(m.Name, m.Profile.Tags)...)
	}
}
