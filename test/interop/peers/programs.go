//go:build pins

// Package interop pins the programs of gRPC that our interoperability test runs; scripts/setup --peers builds them.
package interop

import (
	_ "google.golang.org/grpc/interop/client"
	_ "google.golang.org/grpc/interop/server"
)
