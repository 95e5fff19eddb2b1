package pipeline

import (
	"context"
	"fmt"
	"os"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/follow"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
)

// DebianPackages are the same packages in the newest version that a suite of Debian's has
// for an architecture. Its index must be signed by a key that the definition of the
// options, which follows Debian, has pinned.
func DebianPackages(ctx context.Context, o Options, suite, arch string, before []follow.Binary, out *progress.Output) ([]follow.Binary, error) {
	d, err := images.LoadDefinition(os.DirFS(o.Repository), "images/"+o.Name+".yaml")
	if err != nil {
		return nil, err
	}
	if d.Debian == nil {
		return nil, fmt.Errorf("images/%s.yaml has no keys of Debian's (debian.keys)", o.Name)
	}
	client, err := o.follower(ctx, *d.Debian, out)
	if err != nil {
		return nil, err
	}
	return client.Packages(ctx, suite, arch, before)
}
