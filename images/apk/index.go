package apk

import (
	"archive/tar"
	"errors"
	"fmt"
	"strings"
	"time"
)

// An Index is what a repository says about its packages for one architecture.
type Index struct {
	Description string    // such as "v3.22.2-114-g3bc4c29c93b"
	Built       time.Time // when the index was made: UTC, whole seconds; of two indexes the later is newer
	Signer      string    // the name of the trusted key whose signature was verified
	Records     []Record  // in the order of the index, without those of Uninstallable
	// Uninstallable names the packages that are left out because their record
	// has a field whose meaning only a newer apk knows, each with that reason.
	Uninstallable []string
}

// Signers are the names of the keys that the signatures of an APKINDEX.tar.gz
// claim, each once. Nothing is verified: they only tell which key file to get.
func Signers(data []byte) ([]string, error) {
	found, _, _, err := signatures(data)
	if err != nil {
		return nil, fmt.Errorf("reading the signatures of the index: %w", err)
	}
	return claimed(found), nil
}

// ReadIndex reads an APKINDEX.tar.gz: signature members, then one member with
// DESCRIPTION and APKINDEX. A key of keys must have signed all that follows
// the signature members; before that is verified none of it is unpacked. Every
// record must be for arch ("x86_64") or for "noarch". Errors name the line of
// APKINDEX and the package.
func ReadIndex(data []byte, keys Keys, arch string, limits Limits) (Index, error) {
	index, err := readIndex(data, keys, arch, limits)
	if err != nil {
		return Index{}, fmt.Errorf("reading the index: %w", err)
	}
	return index, nil
}

func readIndex(data []byte, keys Keys, arch string, limits Limits) (Index, error) {
	if int64(len(data)) > limits.Index {
		return Index{}, fmt.Errorf("it has %d bytes, more than the %d allowed", len(data), limits.Index)
	}
	found, signed, members, err := signatures(data)
	if err != nil {
		return Index{}, err
	}
	signer, err := verify(signed, found, keys)
	if err != nil {
		return Index{}, err
	}
	index := Index{Signer: signer}
	plain, size, err := inflate(signed, limits.IndexText)
	if err == nil {
		err = index.read(plain, arch, limits)
	}
	if err != nil {
		return Index{}, fmt.Errorf("member %d (index): %w", members+1, err)
	}
	if size != len(signed) {
		return Index{}, fmt.Errorf("%d bytes follow the index: it must end the file", len(signed)-size)
	}
	return index, nil
}

// read reads the unpacked index member.
func (x *Index) read(plain []byte, arch string, limits Limits) error {
	var text, description []byte
	err := walk(plain, 2, func(header *tar.Header, body []byte) error {
		into := map[string]*[]byte{"APKINDEX": &text, "DESCRIPTION": &description}[header.Name]
		switch {
		case into == nil || header.Typeflag != tar.TypeReg:
			return errors.New("an index holds only the files DESCRIPTION and APKINDEX")
		case *into != nil:
			return errors.New("it is there twice")
		case header.Name == "APKINDEX":
			x.Built = header.ModTime.UTC().Truncate(time.Second)
		}
		*into = body
		return nil
	})
	if err != nil {
		return err
	}
	if text == nil {
		return errors.New("the file APKINDEX is missing")
	}
	x.Description = strings.TrimSpace(string(description))
	if err := checkText(x.Description); err != nil {
		return fmt.Errorf("DESCRIPTION: %w", err)
	}
	x.Records, x.Uninstallable, err = parseRecords(string(text), arch, limits)
	return err
}
