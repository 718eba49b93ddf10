// The null sink: an S3 endpoint that counts what it is sent, throws the bytes away and answers as a store would.
//
// What it keeps of an object is its size, metadata and the checksum that the client claimed. A download gets the bytes
// that bench/transfers/pattern.py writes into a file of that name. It checks no signature.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"strings"
)

func main() {
	base := flag.String("base", "", "file of one block of the pattern that downloads get")
	certificate := flag.String("certificate", "", "PEM file: speak TLS with it")
	key := flag.String("key", "", "PEM file of the certificate's key")
	keep := flag.String("keep", "/manifests/,/tags/", "keep the bodies of objects whose key has one of these in it")
	flag.Parse()

	block, err := os.ReadFile(*base)
	if err != nil {
		log.Fatal(err)
	}
	var secure *tls.Config
	if *certificate != "" {
		pair, err := tls.LoadX509KeyPair(*certificate, *key)
		if err != nil {
			log.Fatal(err)
		}
		secure = &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	// The one line on standard output: where it listens.
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	sink := newSink(block, strings.Split(*keep, ","))
	for {
		accepted, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(sink, accepted.(*net.TCPConn), secure)
	}
}
