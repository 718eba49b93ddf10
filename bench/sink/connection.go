package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"sync"
)

var buffers = sync.Pool{New: func() any { block := make([]byte, 256<<10); return &block }}

// exchange is one request and what its answer will be.
type exchange struct {
	request *http.Request
	status  int
	header  map[string]string
	body    []byte
	// content, where it is set, writes `length` bytes in place of body.
	content func(io.Writer) error
	length  int64
}

func serve(sink *sink, tcp *net.TCPConn, secure *tls.Config) {
	defer tcp.Close()
	var stream net.Conn = tcp
	if secure != nil {
		stream = tls.Server(tcp, secure)
	}
	reader := bufio.NewReaderSize(stream, 16<<10)
	for {
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		if request.Header.Get("Expect") == "100-continue" {
			if _, err := io.WriteString(stream, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
				return
			}
		}
		one := &exchange{request: request, status: 200, header: map[string]string{}}
		if err := sink.handle(one); err != nil {
			return
		}
		if err := one.answer(stream); err != nil || request.Close {
			return
		}
	}
}

func (e *exchange) answer(stream io.Writer) error {
	if e.content == nil {
		e.length = int64(len(e.body))
	}
	var head bytes.Buffer
	fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\nServer: sink\r\nx-amz-request-id: 1\r\n", e.status, http.StatusText(e.status))
	if e.status != http.StatusNoContent {
		fmt.Fprintf(&head, "Content-Length: %d\r\n", e.length)
	}
	names := make([]string, 0, len(e.header))
	for name := range e.header {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(&head, "%s: %s\r\n", name, e.header[name])
	}
	head.WriteString("\r\n")
	if e.request.Method != http.MethodHead && e.content == nil {
		head.Write(e.body)
	}
	if _, err := stream.Write(head.Bytes()); err != nil {
		return err
	}
	if e.request.Method != http.MethodHead && e.content != nil {
		return e.content(stream)
	}
	return nil
}

// take reads the request's body: all of it where it is to be kept, else nothing but its size.
func (e *exchange) take(keep bool) ([]byte, int64, error) {
	if keep {
		body, err := io.ReadAll(e.request.Body)
		if decoded := e.request.Header.Get("X-Amz-Decoded-Content-Length"); err == nil && decoded != "" {
			body, err = unchunked(body)
		}
		return body, int64(len(body)), err
	}
	size, err := e.discard()
	if decoded := e.request.Header.Get("X-Amz-Decoded-Content-Length"); err == nil && decoded != "" {
		size, err = strconv.ParseInt(decoded, 10, 64)
	}
	return nil, size, err
}

// discard receives the body, as any server has to, into memory that is used again at once.
func (e *exchange) discard() (int64, error) {
	block := buffers.Get().(*[]byte)
	defer buffers.Put(block)
	// Hidden, so that the copy takes the large buffer and not the reader's own way.
	return io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{e.request.Body}, *block)
}

// unchunked takes the signatures out of a body in AWS's own chunks: size;chunk-signature=..., bytes, and so on.
func unchunked(body []byte) ([]byte, error) {
	var whole []byte
	for {
		line, rest, found := bytes.Cut(body, []byte("\r\n"))
		if !found {
			return nil, io.ErrUnexpectedEOF
		}
		size, err := strconv.ParseInt(strings.SplitN(string(line), ";", 2)[0], 16, 32)
		if err != nil || size == 0 {
			return whole, err
		}
		if int64(len(rest)) < size+2 {
			return nil, io.ErrUnexpectedEOF
		}
		whole, body = append(whole, rest[:size]...), rest[size+2:]
	}
}
