package load

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
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
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			if len(raw) != 1 || !bytes.Equal(raw[0], block.Bytes) {
				return errors.New("the server has another certificate than the bench gave it")
			}
			return nil
		},
	}, nil
}
