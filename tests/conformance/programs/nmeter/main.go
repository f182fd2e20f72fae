// Command nmeter stands in for busybox's: the lifecycle specs run `nmeter -d0 '%3t' | head -n1` for
// the time with milliseconds, and Debian's busybox is built without it.
package main

import (
	"fmt"
	"time"
)

func main() {
	fmt.Println(time.Now().UTC().Format("15:04:05.000"))
}
