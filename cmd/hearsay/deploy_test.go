package main

import (
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
	"gopkg.in/yaml.v3"

	"hearsay/topics"
)

const deployed = "../../deploy"

// object is what the tests look at of one object of Kubernetes.
type object struct {
	Kind     string
	Metadata struct {
		Name   string
		Labels map[string]string
	}
	Spec struct {
		ClusterIP   string `yaml:"clusterIP"`
		Selector    any
		Ports       []port
		ServiceName string `yaml:"serviceName"`
		Template    struct {
			Metadata struct{ Labels map[string]string }
			Spec     pod
		}
	}
}

type pod struct {
	SecurityContext struct {
		RunAsUser int `yaml:"runAsUser"`
		FSGroup   int `yaml:"fsGroup"`
	} `yaml:"securityContext"`
	Containers []container
	Volumes    []struct {
		Name   string
		Secret struct {
			SecretName  string `yaml:"secretName"`
			DefaultMode int    `yaml:"defaultMode"`
		}
	}
}

type container struct {
	Name, Image   string
	Args          []string
	Env           []struct{ Name, Value string }
	Ports         []port
	LivenessProbe struct {
		HTTPGet probe `yaml:"httpGet"`
	} `yaml:"livenessProbe"`
	ReadinessProbe struct {
		HTTPGet probe `yaml:"httpGet"`
	} `yaml:"readinessProbe"`
	VolumeMounts []struct {
		Name      string
		MountPath string `yaml:"mountPath"`
	} `yaml:"volumeMounts"`
}

type port struct {
	Name          string
	Port          int
	ContainerPort int `yaml:"containerPort"`
}

type probe struct{ Path, Port string }

// objects reads the documents of a file.
func objects(t *testing.T, text string) map[string]object {
	t.Helper()
	all := make(map[string]object)
	for in := yaml.NewDecoder(strings.NewReader(text)); ; {
		var o object
		err := in.Decode(&o)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all[o.Kind] = o
	}
}

func deployFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deployed, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// variables are those that the flags of a node have.
func nodeVariables() (all []string) {
	for _, f := range nodeCommand().Flags {
		if f, ok := f.(cli.DocGenerationFlag); ok {
			all = append(all, f.GetEnvVars()...)
		}
	}
	return all
}

// The names in the example for Kubernetes are those that it means, and that the program knows.
func TestKubernetes(t *testing.T) {
	all := objects(t, deployFile(t, "kubernetes.yaml"))
	service, set := all["Service"], all["StatefulSet"]
	pods := set.Spec.Template
	if len(pods.Spec.Containers) != 1 {
		t.Fatalf("%d containers", len(pods.Spec.Containers))
	}
	c := pods.Spec.Containers[0]

	if service.Metadata.Name != set.Spec.ServiceName || service.Spec.ClusterIP != "None" {
		t.Errorf("the set's service %q is not the headless %q", set.Spec.ServiceName, service.Metadata.Name)
	}
	app := pods.Metadata.Labels["app"]
	if s, _ := service.Spec.Selector.(map[string]any); app == "" || s["app"] != app {
		t.Errorf("the service is of %v, the pods are %q", s, app)
	}
	if s, _ := set.Spec.Selector.(map[string]any)["matchLabels"].(map[string]any); s["app"] != app {
		t.Errorf("the set is of %v, the pods are %q", s, app)
	}
	if seed := c.Args[len(c.Args)-1]; seed != service.Metadata.Name {
		t.Errorf("the seed is %q, the service %q", seed, service.Metadata.Name)
	}
	wanted := map[string]int{"discovery": topics.DiscoveryPort, "message": topics.MessagePort, "http": 8080}
	for i, p := range c.Ports {
		if s := service.Spec.Ports[i]; wanted[p.Name] != p.ContainerPort || s.Name != p.Name || s.Port != p.ContainerPort {
			t.Errorf("the container has %+v, the service %+v", p, s)
		}
		delete(wanted, p.Name)
	}
	if len(wanted) > 0 {
		t.Errorf("no ports %v", wanted)
	}
	for want, p := range map[string]probe{"/healthz": c.LivenessProbe.HTTPGet, "/readyz": c.ReadinessProbe.HTTPGet} {
		if p != (probe{want, "http"}) {
			t.Errorf("%+v instead of %s", p, want)
		}
	}
	known := nodeVariables()
	for _, e := range c.Env {
		if strings.HasPrefix(e.Name, "HEARSAY_") && !slices.Contains(known, e.Name) {
			t.Errorf("a node has no variable %s", e.Name)
		}
		if e.Name == "HEARSAY_HOSTNAME" && !strings.HasSuffix(e.Value, "."+service.Metadata.Name) {
			t.Errorf("%s is no name within the service", e.Value)
		}
	}
	for _, m := range c.VolumeMounts {
		if !slices.Contains(c.Args, m.MountPath) || pods.Spec.Volumes[0].Name != m.Name {
			t.Errorf("%+v is not used, or no volume", m)
		}
	}
}

// The lock of that example fits it, and the file that hearsay keygen makes.
func TestKubernetesLocked(t *testing.T) {
	var k struct {
		Resources       []string
		SecretGenerator []struct {
			Name  string
			Files []string
		} `yaml:"secretGenerator"`
		GeneratorOptions struct {
			DisableNameSuffixHash bool `yaml:"disableNameSuffixHash"`
		} `yaml:"generatorOptions"`
		Patches []struct{ Patch string }
	}
	if err := yaml.Unmarshal([]byte(deployFile(t, "kustomization.yaml")), &k); err != nil {
		t.Fatal(err)
	}
	set := objects(t, deployFile(t, k.Resources[0]))["StatefulSet"]
	patch := objects(t, k.Patches[0].Patch)[set.Kind]
	pods := patch.Spec.Template.Spec
	c := pods.Containers[0]
	if patch.Metadata.Name != set.Metadata.Name || c.Name != set.Spec.Template.Spec.Containers[0].Name {
		t.Errorf("the patch is for %s of %s", c.Name, patch.Metadata.Name)
	}
	secret := k.SecretGenerator[0]
	if v := pods.Volumes[0]; v.Secret.SecretName != secret.Name || v.Name != c.VolumeMounts[0].Name || !k.GeneratorOptions.DisableNameSuffixHash {
		t.Errorf("the secret %q is mounted as %+v", secret.Name, v)
	}
	if mode := pods.Volumes[0].Secret.DefaultMode; mode != 0o440 || set.Spec.Template.Spec.SecurityContext.FSGroup != set.Spec.Template.Spec.SecurityContext.RunAsUser {
		t.Errorf("mode %s is for a group that the node is not in, or for others", strconv.FormatInt(int64(mode), 8))
	}
	dir := t.TempDir()
	if status, out, err := run(t, "keygen", "--dir", dir); status != 0 {
		t.Fatal(status, out, err)
	}
	if _, err := os.Stat(filepath.Join(dir, secret.Files[0])); err != nil {
		t.Error(err)
	}
	if e := c.Env[0]; !slices.Contains(nodeVariables(), e.Name) || e.Value != path.Join(c.VolumeMounts[0].MountPath, secret.Files[0]) {
		t.Errorf("%+v is not where the secret is", e)
	}
}
