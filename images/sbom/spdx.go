package sbom

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the package verification code of SPDX is made of it
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/github/go-spdx/v2/spdxexp"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
)

const noAssertion = "NOASSERTION"

// SPDX is the image as SPDX 2.3 in JSON, without white space: it is part of the
// image. It has a package for the image, which contains one for each component
// and the files; each of them says which files were made from it.
func SPDX(i Image) ([]byte, error) {
	files, err := i.spdxFiles()
	if err != nil {
		return nil, fmt.Errorf("describing %s in SPDX: %w", i.Name, err)
	}
	return document(func(hash string) ([]byte, error) {
		var out bytes.Buffer
		err := spdxjson.Write(i.spdx(files, hash), &out, spdxjson.EscapeHTML(false))
		return out.Bytes(), err
	})
}

func (i Image) spdxFiles() ([]file, error) {
	if err := i.check(); err != nil {
		return nil, err
	}
	return i.files()
}

func (i Image) spdx(files []file, hash string) *v2_3.Document {
	name := strings.Join([]string{i.Name, i.Tag, strings.ReplaceAll(i.Platform, "/", "-")}, "-")
	doc := &v2_3.Document{
		SPDXVersion: v2_3.Version, DataLicense: v2_3.DataLicense, SPDXIdentifier: "DOCUMENT",
		DocumentName: name, DocumentNamespace: i.Source + "/spdx/" + name + "-" + hash,
		CreationInfo: &v2_3.CreationInfo{
			Creators: []common.Creator{{CreatorType: "Tool", Creator: project}, {CreatorType: "Organization", Creator: project}},
			Created:  i.Created.UTC().Format(time.RFC3339),
		},
		Packages: []*v2_3.Package{i.spdxImage(files)},
		Relationships: []*v2_3.Relationship{
			relation("DOCUMENT", common.TypeRelationshipDescribe, imageID),
		},
	}
	for _, c := range i.Components {
		doc.Packages = append(doc.Packages, c.spdx())
		doc.Relationships = append(doc.Relationships, relation(imageID, common.TypeRelationshipContains, packageID(c.Name)))
		for _, to := range c.StaticLinks {
			doc.Relationships = append(doc.Relationships, relation(packageID(c.Name), common.TypeRelationshipStaticLink, packageID(to)))
		}
		for _, to := range c.DynamicLinks {
			doc.Relationships = append(doc.Relationships, relation(packageID(c.Name), common.TypeRelationshipDynamicLink, packageID(to)))
		}
	}
	for _, f := range files {
		doc.Files = append(doc.Files, &v2_3.File{
			FileName: "./" + f.path, FileSPDXIdentifier: fileID(f.path),
			Checksums: []common.Checksum{{Algorithm: common.SHA1, Value: f.sha1}, {Algorithm: common.SHA256, Value: f.sha256}},
		})
		doc.Relationships = append(doc.Relationships,
			relation(imageID, common.TypeRelationshipContains, fileID(f.path)),
			// Not the other way round, with GENERATED_FROM: syft takes a package that
			// something is generated from for source that is not there.
			relation(packageID(f.component.Name), common.TypeRelationshipGenerates, fileID(f.path)))
	}
	return doc
}

// project is who makes the documents.
const project = "nginx-scratch"

func (i Image) spdxImage(files []file) *v2_3.Package {
	p := &v2_3.Package{
		PackageName: i.Name, PackageSPDXIdentifier: imageID, PackageVersion: i.Version,
		PackageSupplier: &common.Supplier{SupplierType: "Organization", Supplier: project},
		// The image is built, not downloaded; who has it knows from where.
		PackageDownloadLocation: noAssertion, PackageHomePage: i.Source,
		FilesAnalyzed: true, PackageLicenseDeclared: license(i.License), PackageLicenseConcluded: noAssertion,
		PackageVerificationCode: &common.PackageVerificationCode{Value: verificationCode(files)},
		PrimaryPackagePurpose:   "CONTAINER",
		PackageExternalReferences: []*v2_3.PackageExternalReference{
			{Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: i.PURL()},
		},
	}
	for _, name := range i.Excluded {
		p.PackageVerificationCode.ExcludedFiles = append(p.PackageVerificationCode.ExcludedFiles, "./"+name)
	}
	return p
}

// spdx is a component as a package. Its files are of the image: what a
// component is made of has not been looked at, only that its archive is the one
// with the checksum.
func (c Component) spdx() *v2_3.Package {
	p := &v2_3.Package{
		PackageName: c.Name, PackageSPDXIdentifier: packageID(c.Name), PackageVersion: c.Version,
		PackageSupplier: &common.Supplier{Supplier: noAssertion}, PackageDownloadLocation: noAssertion,
		PackageHomePage: c.Homepage, PackageSummary: c.Summary, PackageSourceInfo: c.sourceInfo(),
		PackageLicenseDeclared: license(c.License), PackageLicenseConcluded: noAssertion,
		PackageExternalReferences: []*v2_3.PackageExternalReference{
			{Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: c.PURL},
		},
	}
	if p.PackageLicenseDeclared == noAssertion && c.License != "" {
		p.PackageLicenseComments = "The package says: " + c.License
	}
	if c.Supplier != "" {
		p.PackageSupplier = &common.Supplier{SupplierType: "Organization", Supplier: c.Supplier}
	}
	if c.Download != "" {
		p.PackageDownloadLocation = c.Download
	}
	if c.SHA256 != "" {
		p.PackageChecksums = []common.Checksum{{Algorithm: common.SHA256, Value: c.SHA256}}
	}
	for _, cpe := range c.CPEs {
		p.PackageExternalReferences = append(p.PackageExternalReferences,
			&v2_3.PackageExternalReference{Category: common.CategorySecurity, RefType: common.TypeSecurityCPE23Type, Locator: cpe})
	}
	return p
}

// sourceInfo says what was done to the source. The patches themselves are
// named by the lock and in CycloneDX: here they would be bytes of the image.
func (c Component) sourceInfo() string {
	if c.Revision == "" || len(c.Patches) == 0 {
		return ""
	}
	return fmt.Sprintf("with %d patches of %s", len(c.Patches), c.Revision)
}

// license passes on what is an SPDX expression.
func license(expression string) string {
	if ok, _ := spdxexp.ValidateLicenses([]string{expression}); !ok {
		return noAssertion
	}
	return expression
}

// verificationCode is SPDX's hash of all files: of their SHA-1, sorted.
func verificationCode(files []file) string {
	var sums []string
	for _, f := range files {
		sums = append(sums, f.sha1)
	}
	slices.Sort(sums)
	return fmt.Sprintf("%x", sha1.Sum([]byte(strings.Join(sums, "")))) //nolint:gosec // as imported
}

const imageID common.ElementID = "Image"

func packageID(name string) common.ElementID { return common.ElementID("Package-" + identifier(name)) }

func fileID(path string) common.ElementID { return common.ElementID("File-" + identifier(path)) }

// identifier writes a name with the letters that SPDX has for them: the others,
// and the dash itself, are a dash and their value, so that no two names meet.
func identifier(name string) string {
	var out strings.Builder
	for _, b := range []byte(name) {
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '.':
			out.WriteByte(b)
		default:
			fmt.Fprintf(&out, "-%02x", b)
		}
	}
	return out.String()
}

func relation(from common.ElementID, kind string, to common.ElementID) *v2_3.Relationship {
	return &v2_3.Relationship{
		RefA: common.DocElementID{ElementRefID: from}, Relationship: kind, RefB: common.DocElementID{ElementRefID: to},
	}
}
