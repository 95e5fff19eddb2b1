package tests

import (
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
)

func TestPasswords(t *testing.T) {
	t.Parallel()
	const password = "open sesame"
	plain := sha1.Sum([]byte(password)) // what {SHA} is
	salted := sha1.Sum([]byte(password + "salt"))
	blowfish, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	require.NoError(t, err)
	salt, ok := strings.CutPrefix(string(blowfish), "$2a$")
	require.True(t, ok)
	users := map[string]string{
		"plain":       "{PLAIN}" + password,
		"sha":         "{SHA}" + base64.StdEncoding.EncodeToString(plain[:]),
		"ssha":        "{SSHA}" + base64.StdEncoding.EncodeToString(append(salted[:], "salt"...)),
		"bcrypt-2a":   "$2a$" + salt,
		"bcrypt-2b":   "$2b$" + salt,
		"bcrypt-2y":   "$2y$" + salt, // what htpasswd -B writes
		"apr1":        "$apr1$saltsalt$HIDXe7D36X22w1CH4M1cQ.",
		"md5-crypt":   "$1$saltsalt$Yo6tRKYGO/jWyb1etwHDS/",
		"sha256crypt": "$5$saltsalt$yrhPKxCqiWcCE9h0g86j6Ugz7SDFdFm.BjU.d8RaQnC",
		"sha512crypt": "$6$saltsalt$e/5XKibXPLqVcfjpD.ouauaJrAOL5V0uo80Lt7n7EbRdRiCx3HbQ90yjOHr.G0T.mx79PEMRy8nmtr0qSYhQp1",
		"des-crypt":   "ab/G8gtZdMwak",
	}
	var list strings.Builder
	for user, hash := range users {
		list.WriteString(user + ":" + hash + "\n")
	}
	s := start(t, certs(t, nil, map[string]string{"users": list.String()}), config(map[string]string{"site.conf": `
		server {
			listen 8080;
			auth_basic "closed";
			auth_basic_user_file certs/users;
			location / { proxy_pass http://127.0.0.1:8081; }
			location /open { auth_basic off; proxy_pass http://127.0.0.1:8081; }
			location /either { satisfy any; allow 0.0.0.0/0; deny all; proxy_pass http://127.0.0.1:8081; }
		}
		server { listen 127.0.0.1:8081; return 200 "in"; }`}))
	client := dialer(t, s.addr(t, "8080/tcp"), nil)
	enter := func(t *testing.T, path, user, password string) answer {
		t.Helper()
		token := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
		return fetch(t, client, http.MethodGet, s.URL+path, "Authorization", "Basic "+token)
	}
	for user := range users {
		t.Run(user, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, "in", enter(t, "/", user, password).body)
			got := enter(t, "/", user, "abracadabra")
			require.Equal(t, http.StatusUnauthorized, got.status)
			require.Equal(t, `Basic realm="closed"`, got.header.Get("WWW-Authenticate"))
		})
	}
	t.Run("nobody", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, http.StatusUnauthorized, fetch(t, client, http.MethodGet, s.URL).status)
		require.Equal(t, http.StatusUnauthorized, enter(t, "/", "stranger", password).status)
		require.Equal(t, "in", fetch(t, client, http.MethodGet, s.URL+"/open").body)
		require.Equal(t, "in", fetch(t, client, http.MethodGet, s.URL+"/either").body)
	})
}
