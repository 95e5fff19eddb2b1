package cosign

import (
	"encoding/base64"
	"encoding/json"
	"testing"
)

// flip changes one bit of a base64 field of a bundle's envelope, in what the
// field stands for.
func flip(t *testing.T, r *referrer, field string) {
	t.Helper()
	edit(t, r, func(envelope map[string]any) {
		holder := envelope
		if field == "sig" {
			holder = envelope["signatures"].([]any)[0].(map[string]any)
		}
		value, err := base64.StdEncoding.DecodeString(holder[field].(string))
		if err != nil {
			t.Fatal(err)
		}
		value[len(value)-3] ^= 1
		holder[field] = base64.StdEncoding.EncodeToString(value)
	})
}

func replace(t *testing.T, r *referrer, was, is string) {
	t.Helper()
	edit(t, r, func(envelope map[string]any) {
		if envelope["payloadType"] != was {
			t.Fatal(envelope["payloadType"])
		}
		envelope["payloadType"] = is
	})
}

func drop(t *testing.T, r *referrer) {
	t.Helper()
	edit(t, r, func(envelope map[string]any) { envelope["signatures"].([]any)[0].(map[string]any)["sig"] = "" })
}

func edit(t *testing.T, r *referrer, change func(envelope map[string]any)) {
	t.Helper()
	var bundle map[string]any
	if err := json.Unmarshal(r.bundle, &bundle); err != nil {
		t.Fatal(err)
	}
	change(bundle["dsseEnvelope"].(map[string]any))
	var err error
	if r.bundle, err = json.Marshal(bundle); err != nil {
		t.Fatal(err)
	}
}
