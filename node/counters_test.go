package node

import (
	"reflect"
	"testing"

	"hearsay/mesh"
)

// Each counter of mesh.Stats, which is each of its fields of type uint64, has one line in the table, and no line reads
// the field of another.
func TestMeshCountersAreAllOfStats(t *testing.T) {
	var filled mesh.Stats
	fields := reflect.ValueOf(&filled).Elem()
	field := make(map[uint64]string) // by the value that it was given
	for i := range fields.NumField() {
		if f := fields.Field(i); f.CanUint() {
			f.SetUint(uint64(i + 1))
			field[uint64(i+1)] = fields.Type().Field(i).Name
		}
	}
	names := make(map[string]bool)
	for _, c := range meshCounters {
		value := c.of(&filled)
		if field[value] == "" {
			t.Errorf("%s reads no counter of mesh.Stats, or one that another name reads too", c.name)
		}
		delete(field, value)
		if names[c.name] {
			t.Errorf("%s stands twice in meshCounters", c.name)
		}
		names[c.name] = true
	}
	for _, name := range field {
		t.Errorf("mesh.Stats.%s is missing in meshCounters: give it a name there", name)
	}
}

// A name that was published once stays, and means what it meant: somebody's alert is built on it.
func TestMeshCountersKeepTheirNames(t *testing.T) {
	for name, field := range map[string]string{
		"mesh_beats":          "Beats",
		"mesh_lost_beats":     "LostBeats",
		"mesh_repeats":        "Repeats",
		"mesh_lists":          "Lists",
		"mesh_rounds":         "Rounds",
		"mesh_late_rounds":    "LateRounds",
		"mesh_dials":          "Dials",
		"mesh_local_failures": "LocalFailures",
		"mesh_hello_again":    "HelloAgain",
		"mesh_hello_refused":  "HelloRefused",
		"mesh_over_quota":     "OverQuota",
		"mesh_lookups":        "Lookups",
		"mesh_over_found":     "OverFound",
		"mesh_stray":          "Stray",
		"mesh_forged":         "Forged",
		"mesh_impostors":      "Impostors",
		"mesh_conflicts":      "Conflicts",
		"mesh_no_budget":      "NoBudget",
	} {
		var s mesh.Stats
		reflect.ValueOf(&s).Elem().FieldByName(field).SetUint(7)
		stats := make(map[string]uint64)
		meshStats(stats, s)
		if got, ok := stats[name]; !ok || got != 7 {
			t.Errorf("%s is %d (there: %v), want what mesh.Stats.%s holds", name, got, ok, field)
		}
	}
}
