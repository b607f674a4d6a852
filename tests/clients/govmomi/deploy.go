package main

import (
	"github.com/vmware/govmomi/vapi/vcenter"
)

// deploys makes the calls of govc's library.deploy and of library.clone -ovf, which want hosts and machines.
func (u *user) deploys() {
	manager := vcenter.NewManager(u.rest)
	target := vcenter.Target{ResourcePoolID: "resgroup-1"}
	steps := []step{
		{"library.deploy asks", func() (interface{}, error) {
			found, err := manager.FilterLibraryItem(ctx, u.items["tiny"], vcenter.FilterRequest{Target: target})
			if err != nil {
				return nil, err
			}
			classes := []string{}
			for _, each := range found.AdditionalParams {
				classes = append(classes, each.Class)
			}
			return m{"name": found.Name, "networks": found.Networks, "classes": classes}, nil
		}},
		{"library.deploy", func() (interface{}, error) {
			spec := vcenter.DeploymentSpec{Name: "machine", AcceptAllEULA: true,
				NetworkMappings: []vcenter.NetworkMapping{{Key: "VM Network", Value: "network-1"}}}
			return manager.DeployLibraryItem(ctx, u.items["tiny"], vcenter.Deploy{DeploymentSpec: spec, Target: target})
		}},
		{"library.clone -ovf", func() (interface{}, error) {
			return manager.CreateOVF(ctx, vcenter.OVF{Spec: vcenter.CreateSpec{Name: "machine"},
				Source: vcenter.ResourceID{Value: "vm-12"}, Target: vcenter.LibraryTarget{LibraryID: u.made.ID}})
		}},
	}
	for _, each := range steps {
		u.step(each.name, each.run)
	}
}
