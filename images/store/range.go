package store

import (
	"errors"
	"strconv"
	"strings"
)

// parseContentRange reads "bytes first-last/total" (RFC 9110, section 14.4); total is -1 for "*".
func parseContentRange(header string) (first, total int64, err error) {
	unit, rest, _ := strings.Cut(header, " ")
	span, size, _ := strings.Cut(rest, "/")
	from, to, _ := strings.Cut(span, "-")
	if !strings.EqualFold(unit, "bytes") {
		return 0, 0, errors.New("not in bytes")
	}
	begin, errBegin := number(from)
	end, errEnd := number(to)
	if err := errors.Join(errBegin, errEnd); err != nil {
		return 0, 0, err
	}
	total = -1
	if size != "*" {
		if total, err = number(size); err != nil {
			return 0, 0, err
		}
	}
	if end < begin || total >= 0 && end >= total {
		return 0, 0, errors.New("empty, or beyond the end")
	}
	return begin, total, nil
}

// number reads decimal digits; unlike strconv's, without a sign.
func number(digits string) (int64, error) {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || digits[0] < '0' {
		return 0, errors.New("not a number")
	}
	return n, nil
}
