package policy

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/json"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const deploy = "../../conf/deploy"

// kinds are what the manifests may hold, each with the type that decodes it.
var kinds = map[metav1.TypeMeta]func() metav1.Object{
	{APIVersion: "v1", Kind: "ServiceAccount"}:                      func() metav1.Object { return &corev1.ServiceAccount{} },
	{APIVersion: "v1", Kind: "Service"}:                             func() metav1.Object { return &corev1.Service{} },
	{APIVersion: "v1", Kind: "ConfigMap"}:                           func() metav1.Object { return &corev1.ConfigMap{} },
	{APIVersion: "apps/v1", Kind: "Deployment"}:                     func() metav1.Object { return &appsv1.Deployment{} },
	{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"}:     func() metav1.Object { return &networkingv1.NetworkPolicy{} },
	{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"}:          func() metav1.Object { return &policyv1.PodDisruptionBudget{} },
	{APIVersion: "autoscaling/v2", Kind: "HorizontalPodAutoscaler"}: func() metav1.Object { return &autoscalingv2.HorizontalPodAutoscaler{} },
}

// decode reads manifests strictly: a field that the API does not have, or one that
// is there twice, is an error, as with kubectl apply --validate=strict.
func decode(manifests []byte) (map[string]metav1.Object, error) {
	objects := map[string]metav1.Object{}
	for reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(manifests))); ; {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, err
		}
		var kind metav1.TypeMeta
		if err := yaml.Unmarshal(document, &kind); err != nil {
			return nil, err
		}
		if kind == (metav1.TypeMeta{}) {
			continue // the comment before the first document
		}
		newObject, ok := kinds[kind]
		if !ok {
			return nil, errors.New("no type for " + kind.String())
		}
		object := newObject()
		text, err := yaml.YAMLToJSONStrict(document)
		if err != nil {
			return nil, err
		}
		// As the API server decodes it: names of fields are case-sensitive.
		unknown, err := json.UnmarshalStrict(text, object)
		if err := errors.Join(append(unknown, err)...); err != nil {
			return nil, err
		}
		objects[kind.Kind+" "+object.GetName()] = object
	}
}

// built are the manifests of every way to deploy: the file, and what Kustomize makes
// of the base and of an overlay.
func built(t *testing.T) map[string][]byte {
	t.Helper()
	file, err := os.ReadFile(deploy + "/kubernetes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{"kubernetes.yaml": file}
	for _, folder := range []string{deploy, "testdata/overlay"} {
		resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
		if err != nil {
			t.Fatalf("kustomize build %s: %v", folder, err)
		}
		if all[folder], err = resources.AsYaml(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestManifestsAreOfTheAPI(t *testing.T) {
	t.Parallel()
	want := []string{
		"Deployment nginx", "HorizontalPodAutoscaler nginx", "NetworkPolicy nginx",
		"PodDisruptionBudget nginx", "Service nginx", "ServiceAccount nginx",
	}
	for name, manifests := range built(t) {
		objects, err := decode(manifests)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got := slices.DeleteFunc(slices.Sorted(maps.Keys(objects)), func(n string) bool { return strings.HasPrefix(n, "ConfigMap ") })
		if !slices.Equal(got, want) {
			t.Errorf("%s has %q, want %q", name, got, want)
		}
	}
}

// The test above would be of no use if these passed.
func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ from, to, want string }{
		"an unknown field":    {"readOnlyRootFilesystem: true", "readOnlyRootFileSystem: true", `unknown field "spec.template.spec.containers[0].securityContext.readOnlyRootFileSystem"`},
		"a field given twice": {"minReplicas: 2", "minReplicas: 2\n  minReplicas: 3", `"minReplicas" already set`},
		"a wrong type":        {"maxReplicas: 10", "maxReplicas: ten", "cannot unmarshal string"},
		"a bad quantity":      {"sizeLimit: 64Mi", "sizeLimit: 64 megabytes", "quantities must match"},
		"an unknown kind":     {"kind: PodDisruptionBudget", "kind: PodDisruptionBudgets", "no type for"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := string(built(t)["kubernetes.yaml"])
			changed := strings.Replace(text, tt.from, tt.to, 1)
			if changed == text {
				t.Fatalf("kubernetes.yaml has no %q", tt.from)
			}
			if _, err := decode([]byte(changed)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}
