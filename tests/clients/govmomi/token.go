package main

import (
	"fmt"
	"io/ioutil"
	"path/filepath"

	"github.com/vmware/govmomi/vapi/library"
)

// token is what a user with an API token in place of a password does with a library that is there, by govc and by Terraform's
// provider; its name and that of an item in it are the arguments.
func token(p *program) {
	tokenGovc(p, p.arguments[1], p.arguments[2])
	tokenTerraform(p, p.arguments[1])
}

func tokenGovc(p *program, name, item string) {
	u := &user{program: p, items: map[string]string{}}
	if !p.step("govc: login by SOAP", u.login) || !p.step("govc: login by REST", u.loginREST) {
		return
	}
	p.step("govc: finder", u.find)
	p.step("govc: library.ls", func() (interface{}, error) {
		found, err := u.lib.GetLibraries(ctx)
		names := []string{}
		for _, each := range found {
			names = append(names, each.Name)
		}
		return names, err
	})
	p.step("govc: library.export", func() (interface{}, error) {
		found, err := one(u.lib, "/"+name+"/"+item)
		if err != nil {
			return nil, err
		}
		return export(u.lib, found.GetID(), p.dir)
	})
	made := ""
	p.step("govc: library.import", func() (interface{}, error) {
		owner, err := u.lib.GetLibraryByName(ctx, name)
		if err != nil {
			return nil, err
		}
		data, err := ioutil.ReadFile(filepath.Join(p.dir, "image.iso"))
		if err != nil {
			return nil, err
		}
		made, _, err = importItem(u.lib, library.Item{LibraryID: owner.ID, Type: "iso", Name: "imported"}, func(session string) error {
			return push(u.lib, session, "image.iso", data, nil)
		})
		return nil, err
	})
	p.step("govc: library.rm", func() (interface{}, error) {
		if made == "" {
			found, err := one(u.lib, "/"+name+"/"+item)
			if err != nil {
				return nil, err
			}
			made = found.GetID()
		}
		return nil, u.lib.DeleteLibraryItem(ctx, &library.Item{ID: made})
	})
	p.step("govc: library.create", func() (interface{}, error) {
		return u.lib.CreateLibrary(ctx, library.Library{Name: "another", Type: "LOCAL",
			Storage: []library.StorageBackings{{DatastoreID: u.store.Reference().Value, Type: "DATASTORE"}}})
	})
}

func tokenTerraform(p *program, name string) {
	t := &provider{program: p}
	if !p.step("terraform: configure SOAP", t.configureSOAP) || !p.step("terraform: configure REST", t.configureREST) {
		return
	}
	p.step("terraform: data vsphere_datastore", t.inventory)
	p.step("terraform: data vsphere_content_library", func() (interface{}, error) {
		found, err := t.lib.GetLibraryByName(ctx, name)
		if err != nil {
			return nil, err
		}
		t.library.id = found.ID
		return nil, nil
	})
	p.step("terraform: apply vsphere_content_library_item", func() (interface{}, error) {
		return t.createItem("iso", "by terraform", func(session string) error { return t.deploy(session, "image.iso") })
	})
	p.step("terraform: destroy", func() (interface{}, error) {
		if len(t.items) == 0 {
			return nil, fmt.Errorf("nothing was applied")
		}
		found, err := t.lib.GetLibraryItem(ctx, t.items[0].id)
		if err != nil {
			return nil, err
		}
		return nil, t.lib.DeleteLibraryItem(ctx, found)
	})
	p.step("terraform: apply vsphere_content_library", t.createLibrary)
}
