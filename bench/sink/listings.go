package main

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

const pageKeys = 1000

// list answers both versions of ListObjects.
func (s *sink) list(e *exchange, bucket string, query url.Values) {
	prefix, delimiter := query.Get("prefix"), query.Get("delimiter")
	after := cmp.Or(query.Get("continuation-token"), query.Get("start-after"), query.Get("marker"))
	most := pageKeys
	if given, err := strconv.Atoi(query.Get("max-keys")); err == nil {
		most = min(most, given)
	}
	var out strings.Builder
	count, last, truncated, folder := 0, "", false, ""
	for _, name := range s.sorted(bucket, prefix, after) {
		inside := strings.TrimPrefix(name, prefix)
		common := ""
		if delimiter != "" {
			if first, _, found := strings.Cut(inside, delimiter); found {
				common = prefix + first + delimiter
			}
		}
		if common != "" && (common == folder || strings.HasPrefix(after, common)) {
			continue
		}
		if count == most {
			truncated = true
			break
		}
		count++
		if common != "" {
			folder, last = common, common
			fmt.Fprintf(&out, "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>", escaped(common))
			continue
		}
		last = name
		found := s.objects[bucket+"/"+name]
		fmt.Fprintf(&out, "<Contents><Key>%s</Key><LastModified>2025-01-01T00:00:00.000Z</LastModified>"+
			"<ETag>&#34;%s&#34;</ETag><Size>%d</Size><StorageClass>STANDARD</StorageClass></Contents>",
			escaped(name), found.etag, found.size)
	}
	fmt.Fprintf(&out, "<Name>%s</Name><Prefix>%s</Prefix><MaxKeys>%d</MaxKeys><KeyCount>%d</KeyCount><IsTruncated>%t</IsTruncated>",
		escaped(bucket), escaped(prefix), most, count, truncated)
	if truncated {
		fmt.Fprintf(&out, "<NextContinuationToken>%[1]s</NextContinuationToken><NextMarker>%[1]s</NextMarker>", escaped(last))
	}
	e.xml("ListBucketResult", out.String())
}

func (s *sink) listUploads(e *exchange, bucket, prefix string) {
	var out strings.Builder
	for _, one := range s.uploads {
		name, here := strings.CutPrefix(one.key, bucket+"/")
		if !here || !strings.HasPrefix(name, prefix) {
			continue
		}
		kind := ""
		if algorithm := one.sums["x-amz-checksum-algorithm"]; algorithm != "" {
			kind = "<ChecksumAlgorithm>" + escaped(algorithm) + "</ChecksumAlgorithm>"
		}
		fmt.Fprintf(&out, "<Upload><Key>%s</Key><UploadId>%s</UploadId>%s</Upload>", escaped(name), one.id, kind)
	}
	e.xml("ListMultipartUploadsResult", out.String()+"<IsTruncated>false</IsTruncated>")
}
