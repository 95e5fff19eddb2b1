package publish_test

import (
	"fmt"
	"net/http"
	"testing"
)

// A publisher that is killed at whichever request leaves the old tags or
// complete new ones, and another process does what is left.
func TestKilled(t *testing.T) {
	t.Parallel()
	for _, referrers := range []bool{true, false} {
		t.Run(fmt.Sprintf("referrers API %v", referrers), func(t *testing.T) {
			t.Parallel()
			p := memory(t, referrers)
			old, now := sampleOf(t, "old"), sampleOf(t, "new")
			total := requests(t, p, &old, now)
			for n := 1; n <= total; n++ {
				repo := fmt.Sprintf("killed/%d", n)
				repository := p.host() + "/" + repo
				seed(t, p, repository, old)
				victim := publisher(t, repository)
				started, dead := make(chan struct{}), make(chan struct{})
				p.reset(func(k int, _ *http.Request) fault {
					if k != n {
						return nil
					}
					return func(p *proxy, w http.ResponseWriter, r *http.Request) bool {
						if n%2 == 0 { // every other one after the registry has seen the request
							p.forward(discard{http.Header{}}, r)
						}
						<-started
						_ = victim.Process.Kill() // seen below, by how it ends
						<-dead
						hangUp(w)
						return true
					}
				})
				if err := victim.Start(); err != nil {
					t.Fatal(err)
				}
				close(started)
				err := victim.Wait()
				close(dead)
				p.reset(nil)
				if err == nil || err.Error() != "signal: killed" {
					t.Fatalf("at request %d the publisher was not killed: %v", n, err)
				}
				before := look(t, repository, &old, &now)
				if out, err := publisher(t, repository).CombinedOutput(); err != nil {
					t.Errorf("killed at request %d, the next run: %v: %s", n, err, out)
				}
				if moved := look(t, repository, &old, &now); moved != len(tags) || before > moved {
					t.Errorf("killed at request %d: %d tags moved", n, moved)
				}
				once(t, p, repo)
				if t.Failed() {
					return
				}
			}
		})
	}
}

// discard is where nobody reads an answer any more.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}
