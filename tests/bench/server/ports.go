package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Address is a port of 127.0.0.1.
func Address(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

// freePorts are some that nobody listens on just now.
func freePorts(n int) (ports []int, err error) {
	for range n {
		l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return nil, fmt.Errorf("looking for a free port: %w", err)
		}
		defer l.Close() //nolint:errcheck // nothing was sent; all are kept until the last is found
		address, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			return nil, fmt.Errorf("looking for a free port: got %v", l.Addr())
		}
		ports = append(ports, address.Port)
	}
	return ports, nil
}

// firstAnswer asks until the server has answered with 200.
func firstAnswer(ctx context.Context, port int) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	last := errors.New("it was not asked")
	for ctx.Err() == nil {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+Address(port)+"/"+SmallPage, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err == nil {
			err = response.Body.Close()
			if err == nil && response.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.Join(err, errors.New("the answer is "+response.Status))
		}
		last = err
		time.Sleep(time.Millisecond)
	}
	return last
}
