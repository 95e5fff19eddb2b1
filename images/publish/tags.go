package publish

import (
	"errors"
	"time"
)

// Naming is what the tags of an image are made of.
type Naming struct {
	Version string    // of nginx: "1.26.3"
	Variant string    // appended to each tag: "alpine"; empty for the default image
	Date    time.Time // of the publication; the day in UTC counts
	Nightly bool      // it comes from a nightly run
	Latest  bool      // it was asked to be what people get who name no tag
}

// Tags lists them in the order in which they are moved: the one that is of this
// day only first, the one that most people follow last.
func (n Naming) Tags() ([]string, error) {
	if n.Version == "" {
		return nil, errors.New("the image does not say which version it is of: name a tag")
	}
	tags := []string{n.Version + "-" + n.Date.UTC().Format("20060102"), n.Version}
	if n.Nightly {
		tags = append(tags, "nightly")
	}
	if n.Latest {
		tags = append(tags, "latest")
	}
	if n.Variant != "" {
		for i := range tags {
			tags[i] += "-" + n.Variant
		}
	}
	return tags, nil
}
