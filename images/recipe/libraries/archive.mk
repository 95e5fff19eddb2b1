# Makes one static library of some source files, for those whose own way to do
# so needs more than make.
CFLAGS = $(base)
objects = $(sources:.c=.o)

$(library): $(objects)
	$(AR) rc $@ $^
