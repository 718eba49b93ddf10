package main

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const largestSummed = 64 << 10
const modified = "Wed, 01 Jan 2025 00:00:00 GMT"

// handle takes one request in and fills its answer; an error breaks the connection.
func (s *sink) handle(e *exchange) error {
	request := e.request
	path := strings.TrimPrefix(request.URL.Path, "/")
	if path == "-/counts" || path == "-/forget" {
		return s.control(e, path)
	}
	query := request.URL.Query()
	bucket, key, _ := strings.Cut(path, "/")
	isPut := request.Method == http.MethodPut && key != ""
	// Of small bodies the MD5 is told, as some clients compare it, and costs little.
	small := request.ContentLength >= 0 && request.ContentLength <= largestSummed
	body, size, err := e.take(!isPut || small || s.keeps(key))
	s.lock.Lock()
	defer s.lock.Unlock()
	if isPut {
		// Also what came of a body before its connection broke.
		s.received += size
	}
	if err != nil {
		return err
	}
	s.requests[request.Method]++
	switch {
	case key == "":
		s.bucket(e, bucket, query, body)
	case query.Has("uploads") || query.Has("uploadId"):
		s.multipart(e, path, query, body, size)
	case isPut && request.Header.Get("X-Amz-Copy-Source") != "":
		s.copyObject(e, path)
	case isPut:
		s.put(e, path, body, size, s.keeps(key))
	case request.Method == http.MethodDelete:
		delete(s.objects, path)
		e.status = http.StatusNoContent
	default:
		return s.get(e, path)
	}
	return nil
}

func (s *sink) control(e *exchange, path string) error {
	if _, _, err := e.take(true); err != nil {
		return err
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if path == "-/forget" {
		s.forget()
	}
	e.body, _ = json.Marshal(map[string]any{"received": s.received, "requests": s.requests, "objects": len(s.objects)})
	return nil
}

func (s *sink) put(e *exchange, path string, body []byte, size int64, keep bool) {
	header := e.request.Header
	if _, found := s.objects[path]; found && header.Get("If-None-Match") == "*" {
		e.refuse(http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	claim, _ := base64.StdEncoding.DecodeString(header.Get("Content-MD5"))
	if body != nil {
		sum := md5.Sum(body)
		claim = sum[:]
	}
	if !keep {
		body = nil
	}
	made := &object{size, etag(claim, path, size), metadata(header), claimed(header), body}
	s.objects[path] = made
	e.header["ETag"] = `"` + made.etag + `"`
	e.tell(made.sums)
}

func (s *sink) get(e *exchange, path string) error {
	found, here := s.objects[path]
	if !here {
		e.refuse(http.StatusNotFound, "NoSuchKey")
		return nil
	}
	e.header["ETag"] = `"` + found.etag + `"`
	e.header["Last-Modified"] = modified
	e.header["Accept-Ranges"] = "bytes"
	e.tell(found.metadata)
	offset, length := int64(0), found.size
	if first, last, ranged := byteRange(e.request.Header.Get("Range"), found.size); ranged {
		if first >= found.size {
			e.refuse(http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
			return nil
		}
		offset, length = first, last-first+1
		e.status = http.StatusPartialContent
		e.header["Content-Range"] = fmt.Sprintf("bytes %d-%d/%d", first, last, found.size)
	} else {
		e.tell(found.sums)
	}
	e.length = length
	e.content = func(to io.Writer) error {
		if found.body != nil {
			_, err := to.Write(found.body[offset : offset+length])
			return err
		}
		return writePattern(to, s.base, path, offset, length)
	}
	return nil
}

func byteRange(header string, size int64) (first, last int64, ranged bool) {
	begin, end, found := strings.Cut(strings.TrimPrefix(header, "bytes="), "-")
	if header == "" || !found {
		return 0, 0, false
	}
	last = size - 1
	if begin == "" {
		count, err := strconv.ParseInt(end, 10, 64)
		return max(0, size-count), last, err == nil
	}
	first, err := strconv.ParseInt(begin, 10, 64)
	if given, problem := strconv.ParseInt(end, 10, 64); problem == nil {
		last = min(last, given)
	}
	return first, last, err == nil
}

func (s *sink) bucket(e *exchange, bucket string, query url.Values, body []byte) {
	switch {
	case query.Has("delete"):
		var wanted struct{ Object []struct{ Key string } }
		if xml.Unmarshal(body, &wanted) != nil {
			e.refuse(http.StatusBadRequest, "MalformedXML")
			return
		}
		for _, one := range wanted.Object {
			delete(s.objects, bucket+"/"+one.Key)
		}
		e.xml("DeleteResult", "")
	case query.Has("uploads"):
		s.listUploads(e, bucket, query.Get("prefix"))
	case query.Has("location"):
		e.xml("LocationConstraint", "")
	case e.request.Method == http.MethodGet && bucket != "":
		s.list(e, bucket, query)
	default:
		e.header["x-amz-bucket-region"] = "us-east-1"
	}
}

func (e *exchange) tell(headers map[string]string) {
	for name, value := range headers {
		e.header[name] = value
	}
}

func (e *exchange) refuse(status int, code string) {
	e.status, e.content = status, nil
	e.header = map[string]string{"Content-Type": "application/xml"}
	e.body = []byte("<Error><Code>" + code + "</Code><Message>" + code + "</Message></Error>")
}

func (e *exchange) xml(root, inside string) {
	e.header["Content-Type"] = "application/xml"
	e.body = []byte(xml.Header + "<" + root + ">" + inside + "</" + root + ">")
}

func escaped(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text))
	return out.String()
}
