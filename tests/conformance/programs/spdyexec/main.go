// Command spdyexec runs a command in a container as a kubelet does: `spdyexec URL`, where URL is
// what the Exec RPC has answered, opened as it is, with SPDY, a nil transport, no redirects and a
// ping every 5 s. Its standard streams are the command's, and its exit code is, too.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"k8s.io/client-go/tools/remotecommand"
	clientspdy "k8s.io/client-go/transport/spdy"
	"k8s.io/client-go/util/exec"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// What no command exits with here: the session itself went wrong.
const sessionFailed = 255

func main() {
	err := run(os.Args[1])
	var exit exec.CodeExitError
	if errors.As(err, &exit) {
		os.Exit(exit.Code)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(sessionFailed)
	}
}

func run(address string) error {
	location, err := url.Parse(address)
	if err != nil {
		return err
	}
	roundTripper, err := spdy.NewRoundTripperWithConfig(
		spdy.RoundTripperConfig{UpgradeTransport: nil, PingPeriod: 5 * time.Second},
	)
	if err != nil {
		return err
	}
	executor, err := remotecommand.NewSPDYExecutorRejectRedirects(
		roundTripper, clientspdy.NewUpgraderForStreaming(roundTripper), "POST", location,
	)
	if err != nil {
		return err
	}
	return executor.StreamWithContext(context.Background(), remotecommand.StreamOptions{
		Stdin:  os.Stdin,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
	})
}
