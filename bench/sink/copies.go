package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// source returns the object that a request copies from; nil where it is not there.
func (s *sink) source(e *exchange) *object {
	name, err := url.PathUnescape(strings.TrimPrefix(e.request.Header.Get("X-Amz-Copy-Source"), "/"))
	if err != nil {
		return nil
	}
	return s.objects[name]
}

func (s *sink) copyObject(e *exchange, path string) {
	from := s.source(e)
	if from == nil {
		e.refuse(http.StatusNotFound, "NoSuchKey")
		return
	}
	if _, found := s.objects[path]; found && e.request.Header.Get("If-None-Match") == "*" {
		e.refuse(http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	made := *from
	if e.request.Header.Get("X-Amz-Metadata-Directive") == "REPLACE" {
		made.metadata = metadata(e.request.Header)
	}
	s.objects[path] = &made
	e.xml("CopyObjectResult", "<ETag>&#34;"+made.etag+"&#34;</ETag>"+elements(made.sums))
}

func (s *sink) copyPart(e *exchange, one *upload, number int) {
	from := s.source(e)
	if from == nil {
		e.refuse(http.StatusNotFound, "NoSuchKey")
		return
	}
	size := from.size
	if first, last, ranged := byteRange(e.request.Header.Get("X-Amz-Copy-Source-Range"), from.size); ranged {
		size = last - first + 1
	}
	made := part{size, etag(nil, fmt.Sprint(one.id, number), size), map[string]string{}}
	one.parts[number] = made
	e.xml("CopyPartResult", "<ETag>&#34;"+made.etag+"&#34;</ETag>")
}
