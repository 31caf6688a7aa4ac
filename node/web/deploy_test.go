package web

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Dashboard and alerts go by metrics that there are.
func TestDeployedMetricsExist(t *testing.T) {
	known, labels := make(map[string]bool), make(map[string]string)
	for _, d := range described {
		name := regexp.MustCompile(`fqName: "([^"]+)"`).FindStringSubmatch(d.String())
		known[name[1]] = true
		labels[name[1]] = " job instance " + strings.Join(regexp.MustCompile(`variableLabels: \{([^}]*)\}`).FindStringSubmatch(d.String())[1:], "") + " "
	}
	for _, file := range []string{"../../deploy/alerts.yaml", "../../deploy/grafana.json"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, ".json") && !json.Valid(text) {
			t.Errorf("%s is no JSON", file)
		}
		names := regexp.MustCompile(`\bhearsay_[a-z_]+`).FindAllString(string(text), -1)
		if len(names) < 5 {
			t.Errorf("%s: %d metrics", file, len(names))
		}
		for _, name := range names {
			if !known[name] {
				t.Errorf("%s: there is no metric %s", file, name)
			}
		}
		for _, asked := range regexp.MustCompile(`\b(hearsay_[a-z_]+)\{([^}]*)\}`).FindAllStringSubmatch(strings.ReplaceAll(string(text), `\"`, `"`), -1) {
			for _, label := range regexp.MustCompile(`([a-z_]+) *(=|!=|=~|!~)"`).FindAllStringSubmatch(asked[2], -1) {
				if !strings.Contains(strings.ReplaceAll(labels[asked[1]], ",", " "), " "+label[1]+" ") {
					t.Errorf("%s: %s has no label %s, but%s", file, asked[1], label[1], labels[asked[1]])
				}
			}
		}
	}
}
