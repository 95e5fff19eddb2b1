package cosign

import (
	"encoding/base64"
	"encoding/json"
	"testing"
)

// envelope is what in a bundle is signed, and the signature.
type envelope map[string]any

func (e envelope) signature() map[string]any {
	return e["signatures"].([]any)[0].(map[string]any)
}

// flipped changes one bit of what base64 stands for.
func flipped(value any) string {
	data, err := base64.StdEncoding.DecodeString(value.(string))
	if err != nil {
		panic(err)
	}
	data[len(data)-3] ^= 1
	return base64.StdEncoding.EncodeToString(data)
}

// changes are what may befall a bundle.
var changes = map[string]func(envelope){
	"nothing":                func(envelope) {},
	"a bit in the payload":   func(e envelope) { e["payload"] = flipped(e["payload"]) },
	"a bit in the signature": func(e envelope) { e.signature()["sig"] = flipped(e.signature()["sig"]) },
	"the type of payload":    func(e envelope) { e["payloadType"] = "application/json" },
	"an empty signature":     func(e envelope) { e.signature()["sig"] = "" },
}

// edit changes the envelope of a bundle.
func edit(t *testing.T, r *referrer, change func(envelope)) {
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
