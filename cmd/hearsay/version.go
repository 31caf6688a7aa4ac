package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"hearsay/topics"
)

// version is set by the linker where Go cannot know it, as in the Dockerfile: -ldflags "-X main.version=v1.2.3".
var version = ""

func versionCommand() *cli.Command {
	return &cli.Command{
		Name:   "version",
		Usage:  "print the version of this program",
		Before: noArguments,
		Action: printVersion,
	}
}

func printVersion(c *cli.Context) error {
	_, err := fmt.Fprintf(c.App.Writer, "hearsay %s %s %s/%s\n", versionString(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// versionString is the version of this program, for people, as far as it is known.
func versionString() string {
	if version != "" {
		return version
	}
	info, _ := debug.ReadBuildInfo()
	return versionOf(info)
}

// ownProgram is what this program says of itself in lists.
func ownProgram() string {
	name := programName + versionString()
	return name[:min(len(name), topics.MaxProgram)]
}

// versionOf is what Go wrote into the program: the module's version after "go install MODULE@VERSION" and after
// "go build" in a clone, where it carries the commit, and "+dirty" if files were changed. Without one it is the commit
// alone, or "unknown": nothing is guessed.
func versionOf(info *debug.BuildInfo) string {
	if info == nil {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	commit, dirty := "unknown", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && s.Value != "":
			commit = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+dirty"
		}
	}
	if commit == "unknown" {
		return commit
	}
	return commit + dirty
}
