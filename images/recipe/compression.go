package recipe

import (
	_ "embed" // libraries
	"slices"
	"strings"
)

//go:embed libraries/archive.mk
var archive string

// archive makes a static library of source files, below the source and without
// their .c, and installs it as NAME.
func (s settings) archive(name string, include []string, files ...string) []Step {
	flags := slices.Clone(s.flags)
	for _, dir := range include {
		flags = append(flags, "-I"+dir)
	}
	return []Step{
		s.hot("archive.mk", "CFLAGS", func(folder, name string) string { return folder + "/" + name + ".o" }),
		s.step("make", "-f", "archive.mk", "library="+name, "sources="+strings.Join(files, ".c ")+".c",
			"CC="+s.cc(), "base="+strings.Join(flags, " "), "AR="+s.tool("gcc-ar")),
		s.step("install", "-D", "-m", "644", name, s.output()+"/lib/"+name),
	}
}

// isalSteps compile what deflates, in its portable form: the assembly needs an
// assembler that no compiler brings. What inflates is there because tables name
// it; the linker drops it.
func isalSteps(s settings) []Step {
	steps := s.archive("libisal.a", []string{"include", "igzip"},
		"igzip/igzip", "igzip/hufftables_c", "igzip/huff_codes", "igzip/igzip_base", "igzip/igzip_icf_base", "igzip/igzip_icf_body",
		"igzip/igzip_base_aliases", "igzip/flatten_ll", "igzip/encode_df", "igzip/proc_heap_base", "igzip/adler32_base", "igzip/igzip_inflate",
	)
	return append(steps,
		s.step("install", "-D", "-m", "644", "-t", s.output()+"/include", "include/igzip_lib.h", "include/crc.h"),
		s.license("LICENSE"),
	)
}

// brotliSteps compile the encoder: nginx decodes nothing.
func brotliSteps(s settings) []Step {
	steps := s.archive("libbrotlienc.a", []string{"c/include"},
		"c/common/constants", "c/common/context", "c/common/dictionary", "c/common/platform", "c/common/shared_dictionary", "c/common/transform",
		"c/enc/backward_references", "c/enc/backward_references_hq", "c/enc/bit_cost", "c/enc/block_splitter", "c/enc/brotli_bit_stream",
		"c/enc/cluster", "c/enc/command", "c/enc/compound_dictionary", "c/enc/compress_fragment", "c/enc/compress_fragment_two_pass",
		"c/enc/dictionary_hash", "c/enc/encode", "c/enc/encoder_dict", "c/enc/entropy_encode", "c/enc/fast_log", "c/enc/histogram",
		"c/enc/literal_cost", "c/enc/memory", "c/enc/metablock", "c/enc/static_dict", "c/enc/static_dict_lut", "c/enc/static_init",
		"c/enc/utf8_util",
	)
	return append(steps,
		s.step("install", "-D", "-m", "644", "-t", s.output()+"/include/brotli",
			"c/include/brotli/encode.h", "c/include/brotli/port.h", "c/include/brotli/shared_dictionary.h", "c/include/brotli/types.h"),
		s.license("LICENSE"),
	)
}

// brotliModule is the component of nginx's modules for Brotli, by the name of
// Debian's source package.
const brotliModule = "libnginx-mod-http-brotli"

// brotliModuleSteps compile nothing: nginx compiles its modules with itself.
func brotliModuleSteps(s settings) []Step {
	return []Step{
		s.step("cp", "-R", "config", "filter", "static", s.output()+"/"),
		s.license("LICENSE"),
	}
}
