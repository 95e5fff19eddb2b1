package load

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"errors"
)

// config is for clients of the target. The one certificate that is good is compared,
// which costs the generator less than to verify it.
func (t Target) config() (*tls.Config, error) {
	block, _ := pem.Decode(t.Cert)
	if block == nil {
		return nil, errors.New("the certificate is not in PEM")
	}
	return &tls.Config{
		ServerName: t.ServerName, MinVersion: tls.VersionTLS13,
		InsecureSkipVerify: true, //nolint:gosec // compared below
		VerifyConnection: func(state tls.ConnectionState) error {
			if got := state.PeerCertificates; len(got) != 1 || !bytes.Equal(got[0].Raw, block.Bytes) {
				return errors.New("the server has another certificate than the bench gave it")
			}
			return nil
		},
	}, nil
}
