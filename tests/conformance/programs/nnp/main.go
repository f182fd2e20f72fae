// Command nnp says as whom it runs: installed setuid root, it shows whether a container may gain
// privileges (https://www.kernel.org/doc/html/latest/userspace-api/no_new_privs.html).
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Printf("Effective uid: %d\n", os.Geteuid())
}
