//go:build linux

package main

import (
	"context"
	"fmt"
	"net"
)

// refuseNames answers whoever asks for a name that there is none: the engine has no
// network to ask in, and its containers would wait for half a minute.
func refuseNames(ctx context.Context) (stop func() error, err error) {
	var listen net.ListenConfig
	// At any address, answers would be from the one that is nearest to the asker.
	conn, err := listen.ListenPacket(ctx, "udp4", net.JoinHostPort(gateway, "53"))
	if err != nil {
		return nil, fmt.Errorf("listening for questions of names: %w", err)
	}
	go func() {
		message := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFrom(message)
			if err != nil {
				return // it was closed
			}
			if n < 12 {
				continue
			}
			message[2] |= 0x80                     // an answer,
			message[3] = message[3]&0xf0 | 0x83    // from who may look further: no such name
			_, _ = conn.WriteTo(message[:n], from) // lost ones are asked again
		}
	}()
	return conn.Close, nil
}
