package main

import (
	"fmt"
	"net/http"
	"sort"
	"strings"
	"sync"
)

type object struct {
	size     int64
	etag     string
	metadata map[string]string
	sums     map[string]string
	body     []byte
}

type part struct {
	size int64
	etag string
	sums map[string]string
}

type upload struct {
	key      string
	id       string
	metadata map[string]string
	sums     map[string]string
	parts    map[int]part
}

// sink is all that is remembered; keys begin with their bucket.
type sink struct {
	base     []byte
	keep     []string
	lock     sync.Mutex
	objects  map[string]*object
	uploads  map[string]*upload
	begun    int
	requests map[string]int64
	received int64
}

func newSink(base []byte, keep []string) *sink {
	made := &sink{base: base, keep: keep}
	made.forget()
	return made
}

func (s *sink) forget() {
	s.objects, s.uploads, s.requests, s.received = map[string]*object{}, map[string]*upload{}, map[string]int64{}, 0
}

func (s *sink) keeps(key string) bool {
	for _, mark := range s.keep {
		if mark != "" && strings.Contains(key, mark) {
			return true
		}
	}
	return false
}

// sorted returns the keys of a bucket that begin with `prefix`, without the bucket's name, after `after`.
func (s *sink) sorted(bucket, prefix, after string) []string {
	var found []string
	for key := range s.objects {
		name, here := strings.CutPrefix(key, bucket+"/")
		if here && strings.HasPrefix(name, prefix) && name > after {
			found = append(found, name)
		}
	}
	sort.Strings(found)
	return found
}

// claimed returns the checksums that a request brings: they are echoed as the store's own.
func claimed(header http.Header) map[string]string {
	sums := map[string]string{}
	for _, kind := range []string{"crc32", "crc32c", "crc64nvme", "sha1", "sha256"} {
		name := "x-amz-checksum-" + kind
		if value := header.Get(name); value != "" {
			sums[name] = value
		}
	}
	return sums
}

func metadata(header http.Header) map[string]string {
	kept := map[string]string{}
	for name := range header {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-amz-meta-") || lower == "content-type" {
			kept[lower] = header.Get(name)
		}
	}
	return kept
}

// etag is the MD5 that the client claimed, in hex, or one of the right form that nobody can compare with anything.
func etag(claim []byte, key string, size int64) string {
	if len(claim) == 16 {
		return fmt.Sprintf("%x", claim)
	}
	var mixed uint64 = 14695981039346656037
	for _, letter := range []byte(key) {
		mixed = (mixed ^ uint64(letter)) * 1099511628211
	}
	return fmt.Sprintf("%016x%016x", mixed, size)
}
