package main

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
)

func (s *sink) multipart(e *exchange, path string, query url.Values, body []byte, size int64) {
	if query.Has("uploads") {
		s.beginUpload(e, path)
		return
	}
	one, here := s.uploads[query.Get("uploadId")]
	if !here || one.key != path {
		e.refuse(http.StatusNotFound, "NoSuchUpload")
		return
	}
	switch e.request.Method {
	case http.MethodPut:
		number, err := strconv.Atoi(query.Get("partNumber"))
		if err != nil {
			e.refuse(http.StatusBadRequest, "InvalidArgument")
			return
		}
		if e.request.Header.Get("X-Amz-Copy-Source") != "" {
			s.copyPart(e, one, number)
			return
		}
		claim, _ := base64.StdEncoding.DecodeString(e.request.Header.Get("Content-MD5"))
		made := part{size, etag(claim, fmt.Sprint(one.id, number), size), claimed(e.request.Header)}
		one.parts[number] = made
		e.header["ETag"] = `"` + made.etag + `"`
		e.tell(made.sums)
	case http.MethodPost:
		s.completeUpload(e, one, body)
	case http.MethodGet:
		listParts(e, one, query.Get("part-number-marker"))
	case http.MethodDelete:
		delete(s.uploads, one.id)
		e.status = http.StatusNoContent
	}
}

func (s *sink) beginUpload(e *exchange, path string) {
	s.begun++
	made := &upload{path, fmt.Sprintf("upload-%d", s.begun), metadata(e.request.Header), map[string]string{}, map[int]part{}}
	for _, name := range []string{"x-amz-checksum-algorithm", "x-amz-checksum-type"} {
		if value := e.request.Header.Get(name); value != "" {
			made.sums[name] = value
		}
	}
	s.uploads[made.id] = made
	bucket, key, _ := strings.Cut(path, "/")
	e.xml("InitiateMultipartUploadResult", fmt.Sprintf("<Bucket>%s</Bucket><Key>%s</Key><UploadId>%s</UploadId>",
		escaped(bucket), escaped(key), made.id))
	e.tell(made.sums)
}

// completeUpload joins parts as they are listed; the checksum of the whole is the one that the client claims.
func (s *sink) completeUpload(e *exchange, one *upload, body []byte) {
	var wanted struct {
		Part []struct {
			PartNumber int
			ETag       string
		}
	}
	if xml.Unmarshal(body, &wanted) != nil || len(wanted.Part) == 0 {
		e.refuse(http.StatusBadRequest, "MalformedXML")
		return
	}
	if _, found := s.objects[one.key]; found && e.request.Header.Get("If-None-Match") == "*" {
		e.refuse(http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	size, last := int64(0), 0
	for _, listed := range wanted.Part {
		stored, found := one.parts[listed.PartNumber]
		if !found || strings.Trim(listed.ETag, `"`) != stored.etag {
			e.refuse(http.StatusBadRequest, "InvalidPart")
			return
		}
		if listed.PartNumber <= last {
			e.refuse(http.StatusBadRequest, "InvalidPartOrder")
			return
		}
		size, last = size+stored.size, listed.PartNumber
	}
	sums := claimed(e.request.Header)
	made := &object{size, fmt.Sprintf("%s-%d", etag(nil, one.key, size), len(wanted.Part)), one.metadata, sums, nil}
	s.objects[one.key] = made
	delete(s.uploads, one.id)
	bucket, key, _ := strings.Cut(one.key, "/")
	inside := fmt.Sprintf("<Bucket>%s</Bucket><Key>%s</Key><ETag>&#34;%s&#34;</ETag>", escaped(bucket), escaped(key), made.etag)
	e.xml("CompleteMultipartUploadResult", inside+elements(sums))
}

func listParts(e *exchange, one *upload, after string) {
	marker, _ := strconv.Atoi(after)
	numbers := []int{}
	for number := range one.parts {
		if number > marker {
			numbers = append(numbers, number)
		}
	}
	sort.Ints(numbers)
	truncated := len(numbers) > pageKeys
	if truncated {
		numbers = numbers[:pageKeys]
	}
	var out strings.Builder
	for _, number := range numbers {
		stored := one.parts[number]
		fmt.Fprintf(&out, "<Part><PartNumber>%d</PartNumber><LastModified>2025-01-01T00:00:00.000Z</LastModified>"+
			"<ETag>&#34;%s&#34;</ETag><Size>%d</Size>%s</Part>", number, stored.etag, stored.size, elements(stored.sums))
		marker = number
	}
	fmt.Fprintf(&out, "<IsTruncated>%t</IsTruncated><NextPartNumberMarker>%d</NextPartNumberMarker>", truncated, marker)
	e.xml("ListPartsResult", out.String())
}

// elements writes checksums as listings have them: ChecksumCRC32 for x-amz-checksum-crc32.
func elements(sums map[string]string) string {
	var out strings.Builder
	for name, value := range sums {
		kind := strings.ToUpper(strings.TrimPrefix(name, "x-amz-checksum-"))
		fmt.Fprintf(&out, "<Checksum%[1]s>%[2]s</Checksum%[1]s>", kind, escaped(value))
	}
	return out.String()
}
