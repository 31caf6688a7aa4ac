package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hearsay/node/nodetest"
)

// installed puts a program called hearsay, which is this test, where shells find it.
func installed(t *testing.T) (path string) {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\n" + asProgram + "=1 exec '" + self + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "hearsay"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return "PATH=" + dir + ":" + os.Getenv("PATH")
}

func TestBashCompletes(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	path := installed(t)
	_, b, addr := pair(t)
	for _, c := range []struct {
		line string
		want []string
	}{
		{"hearsay mem", []string{"members"}},
		{"hearsay le", []string{"leave"}},
		{"hearsay wait --ti", []string{"--timeout"}},
		{"hearsay members --st", []string{"--state"}},
		{"hearsay version --", []string{"--help"}},
		{"hearsay members --state qu", []string{"quarantined"}},
		{"hearsay members --state ", []string{"candidate", "probation", "alive", "suspect", "detached", "quarantined", "left"}},
		{"hearsay wait --state al", []string{"alive"}},
		{"hearsay node --log-level w", []string{"warn"}},
		{"hearsay sim --scenario twi", []string{"twins"}},
		{"hearsay sub --channel ", []string{"news"}},
		{"hearsay completion ", []string{"bash", "zsh", "fish"}},
		{"hearsay forget ", []string{string(b.Name())}},
		{"hearsay forget --js", []string{"--json"}},
		{"hearsay node --log-level = ", []string{"debug", "info", "warn", "error"}}, // as bash parts --log-level=
		{"hearsay node --log-level =", []string{"debug", "info", "warn", "error"}},
		{"hearsay node --log-level = w", []string{"warn"}},
		{"hearsay req --to ", []string{string(b.Name())}},
		{"hearsay sub --body-format b", []string{"base64"}},
		{"hearsay pub --body-format ", []string{"base64", "raw"}},
		{"hearsay node --see", nil},      // of the file alone
		{"hearsay wait --timeout ", nil}, // takes what cannot be known
		{"hearsay pub -- ", nil},         // what stands there is published
		{"hearsay pub -- he", nil},
	} {
		script := `source <(hearsay completion bash)
read -ra COMP_WORDS <<<"$1"; [[ $1 == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _hearsay; printf '%s\n' "${COMPREPLY[@]}"`
		cmd := exec.CommandContext(t.Context(), bash, "-c", script, "bash", c.line)
		cmd.Env = append(os.Environ(), path, "HEARSAY_ADDR="+addr)
		out, err := cmd.CombinedOutput()
		if got := strings.Fields(string(out)); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: %v %q, want %q", c.line, err, out, c.want)
		}
	}
}

func TestFishCompletes(t *testing.T) {
	t.Parallel()
	for _, want := range []string{"complete -c hearsay ", "--generate-bash-completion"} {
		if out := must(t, "completion", "fish"); !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	fish, err := exec.LookPath("fish")
	if err != nil {
		t.Skip("no fish")
	}
	path := installed(t)
	_, b, addr := pair(t)
	for line, want := range map[string][]string{
		"hearsay mem":            {"members"},
		"hearsay wait --ti":      {"--timeout"},
		"hearsay completion ":    {"bash", "fish", "zsh"},
		"hearsay forget ":        {string(b.Name())},
		"hearsay sim --plot /de": {"/dev/"},
	} {
		cmd := exec.CommandContext(t.Context(), fish, "--no-config", "-c", "hearsay completion fish | source; complete -C '"+line+"'")
		cmd.Env = append(os.Environ(), path, "HEARSAY_ADDR="+addr)
		out, err := cmd.Output()
		if got := strings.Fields(string(out)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v %q, want %q", line, err, out, want)
		}
	}
}

// zsh can say what it offers to a terminal only: so its script is read, and asked what it was made for.
func TestZshReadsItsScript(t *testing.T) {
	t.Parallel()
	if out := must(t, "completion", "zsh"); !strings.HasPrefix(out, "#compdef hearsay\n") || !strings.Contains(out, "--generate-bash-completion") {
		t.Errorf("zsh:\n%s", out)
	}
	zsh, err := exec.LookPath("zsh")
	if err != nil {
		t.Skip("no zsh")
	}
	cmd := exec.CommandContext(t.Context(), zsh, "-f", "-c", "autoload -Uz compinit; compinit -u -D; source <(hearsay completion zsh); print ${_comps[hearsay]}")
	cmd.Env = append(os.Environ(), installed(t))
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "_hearsay\n" {
		t.Errorf("zsh: %v %s", err, out)
	}
}

func TestNothingToOfferIsNoError(t *testing.T) {
	t.Parallel()
	if out := must(t, "forget", "--addr", nodetest.Address(t)+":8080", "--generate-bash-completion"); out != "" {
		t.Errorf("%q", out)
	}
}
