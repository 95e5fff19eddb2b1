package images

import (
	"bytes"
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v4"
)

// SetVersions gives components of the definition in a file other versions, and
// changes nothing else of the file: comments and layout stay.
func SetVersions(name string, data []byte, versions map[string]string) ([]byte, error) {
	var root yaml.Node
	if err := yaml.Load(data, &root); err != nil {
		return nil, inYAML(name, data, err)
	}
	before, err := decode(name, data)
	if err != nil {
		return nil, err
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	for _, component := range children(field(&root, "components")) {
		node, title := field(component, "version"), field(component, "name")
		if node == nil || title == nil {
			continue
		}
		version, ok := versions[title.Value]
		if !ok {
			continue
		}
		line, from := lines[node.Line-1], node.Column-1
		begin, rest := line[:from], line[from:]
		if len(rest) > 0 && (rest[0] == '"' || rest[0] == '\'') {
			begin, rest = line[:from+1], rest[1:]
		}
		if !bytes.HasPrefix(rest, []byte(node.Value)) {
			return nil, fmt.Errorf("%s:%d: the version of %s cannot be changed where it is: do it by hand", name, node.Line, title.Value)
		}
		lines[node.Line-1] = bytes.Join([][]byte{begin, []byte(version), rest[len(node.Value):]}, nil)
	}
	changed := bytes.Join(lines, nil)
	after, err := decode(name, changed)
	if err != nil {
		return nil, err
	}
	for i, c := range before.Components {
		if version, ok := versions[c.Name]; ok {
			before.Components[i].Version = version
		}
	}
	if !reflect.DeepEqual(before, after) {
		return nil, fmt.Errorf("%s: the versions %v cannot be written into it: do it by hand", name, versions)
	}
	return changed, nil
}

// field returns the value of a key, nil where there is none.
func field(node *yaml.Node, key string) *yaml.Node {
	if node != nil && node.Kind == yaml.DocumentNode && len(node.Content) == 1 {
		node = node.Content[0]
	}
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}
	return nil
}

// children are the elements of a list.
func children(node *yaml.Node) []*yaml.Node {
	if node == nil || node.Kind != yaml.SequenceNode {
		return nil
	}
	return node.Content
}
