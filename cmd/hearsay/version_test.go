package main

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionOf(t *testing.T) {
	set := func(pairs ...string) (s []debug.BuildSetting) {
		for i := 0; i < len(pairs); i += 2 {
			s = append(s, debug.BuildSetting{Key: pairs[i], Value: pairs[i+1]})
		}
		return s
	}
	const commit = "60e0c7156f900d4167bb21165cb95abb4e4ac078"
	for _, c := range []struct {
		what, module string
		settings     []debug.BuildSetting
		want         string
	}{
		{"go install MODULE@VERSION", "v1.2.3", nil, "v1.2.3"},
		{"go build in a clone", "v0.0.0-20261124081349-60e0c7156f90", set("vcs.revision", commit, "vcs.modified", "false"), "v0.0.0-20261124081349-60e0c7156f90"},
		{"with changes, which Go says itself", "v1.2.3+dirty", set("vcs.revision", commit, "vcs.modified", "true"), "v1.2.3+dirty"},
		{"a Go that stamps the commit alone", "(devel)", set("vcs.revision", commit, "vcs.modified", "false"), "60e0c7156f90"},
		{"the same with changes", "(devel)", set("vcs.modified", "true", "vcs.revision", commit), "60e0c7156f90+dirty"},
		{"a short revision", "", set("vcs.revision", "12"), "12"},
		{"-buildvcs=false", "(devel)", set("-compiler", "gc"), "unknown"},
		{"changes to nobody knows what", "", set("vcs.modified", "true"), "unknown"},
	} {
		if got := versionOf(&debug.BuildInfo{Main: debug.Module{Version: c.module}, Settings: c.settings}); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	if got := versionOf(nil); got != "unknown" {
		t.Errorf("without build information: %q", got)
	}
}

func TestVersionIsAskedForInTwoWays(t *testing.T) {
	command, flag := must(t, "version"), must(t, "--version")
	if command != flag || !strings.HasPrefix(command, "hearsay "+versionString()+" go") || strings.Count(command, "\n") != 1 {
		t.Errorf("version prints %q, --version %q", command, flag)
	}
	for _, args := range [][]string{{"--version", "members"}, {"version", "1"}} {
		if status, _, _ := run(t, args...); status != exitUsage {
			t.Errorf("%v: status %d", args, status)
		}
	}
}
