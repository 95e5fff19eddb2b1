package policy

import (
	"maps"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// restricted is why Pod Security, at its strictest level and newest version, would
// refuse a pod; empty if it would not.
func restricted(t *testing.T, pod *corev1.PodTemplateSpec) []string {
	t.Helper()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	var reasons []string
	for _, result := range evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec) {
		if !result.Allowed {
			reasons = append(reasons, result.ForbiddenReason)
		}
	}
	slices.Sort(reasons)
	return reasons
}

// templates are the pod templates of manifests, by the name of what has them.
func templates(objects map[string]metav1.Object) map[string]*corev1.PodTemplateSpec {
	found := map[string]*corev1.PodTemplateSpec{}
	for name, object := range objects {
		if deployment, ok := object.(*appsv1.Deployment); ok {
			found[name] = &deployment.Spec.Template
		}
	}
	return found
}

func TestPodSecurityRestricted(t *testing.T) {
	t.Parallel()
	for name, manifests := range built(t) {
		objects, err := decode(manifests)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		pods := templates(objects)
		if got := slices.Collect(maps.Keys(pods)); !slices.Equal(got, []string{"Deployment nginx"}) {
			t.Errorf("%s has pods of %q", name, got)
		}
		for of, pod := range pods {
			if reasons := restricted(t, pod); len(reasons) > 0 {
				t.Errorf("%s: %s is refused: %q", name, of, reasons)
			}
		}
	}
}

// Each lock counts: without it, the same pod is refused.
func TestPodSecurityRefuses(t *testing.T) {
	t.Parallel()
	yes, root := true, int64(0)
	for name, tt := range map[string]struct {
		unlock func(*corev1.PodSpec)
		want   string
	}{
		"privileged":           {func(p *corev1.PodSpec) { p.Containers[0].SecurityContext.Privileged = &yes }, "privileged"},
		"privilege escalation": {func(p *corev1.PodSpec) { p.Containers[0].SecurityContext.AllowPrivilegeEscalation = nil }, "allowPrivilegeEscalation != false"},
		"capabilities":         {func(p *corev1.PodSpec) { p.Containers[0].SecurityContext.Capabilities = nil }, "unrestricted capabilities"},
		"perhaps root": {func(p *corev1.PodSpec) {
			p.SecurityContext.RunAsNonRoot, p.Containers[0].SecurityContext.RunAsNonRoot = nil, nil
		}, "runAsNonRoot != true"},
		"root":       {func(p *corev1.PodSpec) { p.SecurityContext.RunAsUser = &root }, "runAsUser=0"},
		"no seccomp": {func(p *corev1.PodSpec) { p.SecurityContext.SeccompProfile = nil }, "seccompProfile"},
		"host path": {func(p *corev1.PodSpec) {
			p.Volumes[0].VolumeSource = corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}
		}, "restricted volume types"},
		"host network": {func(p *corev1.PodSpec) { p.HostNetwork = true }, "host namespaces"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects, err := decode(built(t)["kubernetes.yaml"])
			if err != nil {
				t.Fatal(err)
			}
			pod := templates(objects)["Deployment nginx"]
			tt.unlock(&pod.Spec)
			if got := restricted(t, pod); !slices.Contains(got, tt.want) {
				t.Errorf("refused for %q, want %q", got, tt.want)
			}
		})
	}
}
