// The vCenter simulator of govmomi, with its content library, as a server to compare with.
package main

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	_ "github.com/vmware/govmomi/vapi/simulator"
)

func main() {
	model := simulator.VPX()
	if err := model.Create(); err != nil {
		panic(err)
	}
	model.Service.RegisterEndpoints = true
	server := model.Service.NewServer()
	fmt.Printf("datastore: %s\nlistening on http://%s\n", simulator.Map.Any("Datastore").Reference().Value, server.URL.Host)
	select {}
}
