package main

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"net"
	"path"
)

const headBytes = 16

// writePattern writes `length` bytes of what the file of that name holds at `offset`: blocks that are alike but for the
// first 16 bytes, which hold the block's number and the CRC32 of the name.
func writePattern(to io.Writer, base []byte, key string, offset, length int64) error {
	name := crc32.ChecksumIEEE([]byte(path.Base(key)))
	block := int64(len(base))
	for length > 0 {
		var head [headBytes]byte
		binary.LittleEndian.PutUint64(head[:8], uint64(offset/block))
		binary.LittleEndian.PutUint64(head[8:], uint64(name))
		pieces := net.Buffers{}
		start := offset % block
		count := min(length, block-start)
		if start < headBytes {
			pieces = append(pieces, head[start:min(headBytes, start+count)])
		}
		if end := start + count; end > headBytes {
			pieces = append(pieces, base[max(start, headBytes):end])
		}
		if _, err := pieces.WriteTo(to); err != nil {
			return err
		}
		offset, length = offset+count, length-count
	}
	return nil
}
