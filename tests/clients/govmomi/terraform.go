package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/ioutil"
	"net/http"
	"path/filepath"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/ovf"
	"github.com/vmware/govmomi/pbm"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/session/cache"
	"github.com/vmware/govmomi/session/keepalive"
	"github.com/vmware/govmomi/vapi/library"
	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vsan"
)

// provider is what Terraform's provider vsphere keeps between resources.
type provider struct {
	*program
	client  *govmomi.Client
	rest    *rest.Client
	lib     *library.Manager
	cached  *cache.Session
	store   *object.Datastore
	library resource
	items   []resource
}

// resource is one of a state: its identifier, what was configured, and what was read after it was created.
type resource struct {
	id         string
	configured m
	read       m
}

// terraform replays what the provider does for apply, plan and destroy.
func terraform(p *program) {
	t := &provider{program: p}
	if !p.step("configure: SOAP", t.configureSOAP) || !p.step("configure: REST", t.configureREST) {
		return
	}
	p.step("configure: the checks of about", t.checks)
	p.step("configure: PBM and vSAN", t.services)
	p.step("data vsphere_datacenter and vsphere_datastore", t.inventory)
	p.step("apply vsphere_content_library", t.createLibrary)
	t.createItems()
	p.step("plan again", t.plan)
	p.step("import and plan", t.imported)
	p.step("data vsphere_content_library and vsphere_content_library_item", t.dataSources)
	p.step("the saved session is used again", t.savedSession)
	p.step("destroy", t.destroy)
	p.step("an ended saved session is replaced", t.endedSession)
}

func (t *provider) configureSOAP() (interface{}, error) {
	client, err := t.connect()
	if err != nil {
		return nil, err
	}
	idle := 200 * time.Millisecond // 10 minutes by default
	client.RoundTripper = session.KeepAlive(client.RoundTripper, idle)
	u, _ := t.parsed()
	if err = client.Login(ctx, u.User); err != nil {
		return nil, err
	}
	time.Sleep(2 * idle)
	t.client = client
	return nil, nil
}

func (t *provider) configureREST() (data interface{}, err error) {
	u, err := t.parsed()
	if err != nil {
		return nil, err
	}
	u.Path = ""
	t.cached = &cache.Session{URL: u, Insecure: t.ca == "", DirREST: filepath.Join(t.dir, "rest_sessions")}
	if t.rest, err = t.savedLogin(); err != nil {
		return nil, err
	}
	t.lib = library.NewManager(t.rest)
	return nil, nil
}

// savedLogin takes the saved session where it is still one, and logs in otherwise.
func (t *provider) savedLogin() (*rest.Client, error) {
	c := new(rest.Client)
	trust := func(client *soap.Client) error {
		client.Transport = httpRecorder{&recorder{program: t.program}, client.Transport}
		if t.ca == "" {
			return nil
		}
		return client.SetRootCAs(t.ca)
	}
	if err := t.cached.Login(ctx, c, trust); err != nil {
		return nil, err
	}
	if _, wrapped := c.Transport.(httpRecorder); !wrapped { // a login makes the client anew, and is not heard
		t.calls = append(t.calls, "POST /rest/com/vmware/cis/session")
		c.Transport = httpRecorder{&recorder{program: t.program}, c.Transport}
	}
	kept := keepalive.NewHandlerREST(c, 10*time.Minute, nil)
	kept.Start()
	c.Transport = kept
	return c, nil
}

// checks are those of viapi.ParseVersionFromClient, which panics, and of what the provider asks of a vCenter.
func (t *provider) checks() (interface{}, error) {
	about := t.client.ServiceContent.About
	parts := strings.Split(about.Version, ".")
	if len(parts) != 3 {
		panic(fmt.Sprintf("version string %q has not three components", about.Version))
	}
	for _, each := range append(parts, about.Build) {
		if _, err := strconv.Atoi(each); err != nil {
			panic(err)
		}
	}
	if about.ApiType != "VirtualCenter" || about.Name != "VMware vCenter Server" {
		return nil, fmt.Errorf("%s %s is no vCenter", about.Name, about.ApiType)
	}
	return about.FullName, nil
}

func (t *provider) services() (interface{}, error) {
	policies, err := pbm.NewClient(ctx, t.client.Client)
	if err != nil {
		return nil, err
	}
	t.calls = append(t.calls, "PbmRetrieveServiceContent")
	_, err = vsan.NewClient(ctx, t.client.Client)
	return policies.ServiceContent.AboutInfo.Name, err
}

func (t *provider) inventory() (data interface{}, err error) {
	inventory := find.NewFinder(t.client.Client, false)
	center, err := inventory.Datacenter(ctx, "Datacenter")
	if err != nil {
		return
	}
	inventory.SetDatacenter(center)
	if t.store, err = inventory.Datastore(ctx, t.datastore); err != nil {
		return
	}
	var all mo.Datastore
	if err = t.store.Properties(ctx, t.store.Reference(), nil, &all); err != nil {
		return
	}
	return m{"datacenter": center.Reference().Value, "datastore": t.store.Reference().Value, "capacity": all.Summary.Capacity > 0}, nil
}

func (t *provider) createLibrary() (interface{}, error) {
	reference := types.ManagedObjectReference{Type: "Datastore", Value: t.store.Reference().Value}
	store, err := find.NewFinder(t.client.Client, false).ObjectReference(ctx, reference)
	if err != nil {
		return nil, err
	}
	configured := m{"name": "terraform's library", "description": "", "storage_backing": []string{store.Reference().Value}}
	id, err := t.lib.CreateLibrary(ctx, library.Library{Name: "terraform's library", Type: "LOCAL",
		Storage: []library.StorageBackings{{DatastoreID: store.Reference().Value, Type: "DATASTORE"}}})
	if err != nil {
		return nil, err
	}
	read, err := t.readLibrary(id)
	t.library = resource{id, configured, read}
	return read, err
}

// readLibrary is the resource's Read: the attributes that a plan compares.
func (t *provider) readLibrary(id string) (m, error) {
	found, err := t.lib.GetLibraryByID(ctx, id)
	if err != nil {
		return nil, err
	}
	backings := []string{}
	for _, each := range found.Storage {
		if each.Type == "DATASTORE" {
			backings = append(backings, each.DatastoreID)
		}
	}
	publication := m{"authentication_method": found.Publication.AuthenticationMethod, "username": found.Publication.UserName,
		"publish_url": found.Publication.PublishURL, "published": *found.Publication.Published}
	return m{"name": found.Name, "description": found.Description, "storage_backing": backings, "publication": publication}, nil
}

func (t *provider) readItem(id string) (m, error) {
	found, err := t.lib.GetLibraryItem(ctx, id)
	if err != nil {
		return nil, err
	}
	return m{"name": found.Name, "description": found.Description, "type": found.Type, "library_id": found.LibraryID}, nil
}

func (t *provider) createItems() {
	for _, each := range []struct{ kind, file string }{{"iso", "image.iso"}, {"ovf", "package/tiny.ovf"}, {"ovf", "tiny.ova"}} {
		kind, file := each.kind, each.file
		t.step("apply vsphere_content_library_item "+filepath.Base(file), func() (interface{}, error) {
			return t.createItem(kind, filepath.Base(file), func(session string) error { return t.deploy(session, file) })
		})
	}
	if t.source == "" {
		return
	}
	for _, each := range []struct{ kind, file string }{{"iso", "image.iso"}, {"ovf", "package/tiny.ovf"}, {"ovf", "tiny.ova"}} {
		kind, file := each.kind, each.file
		t.step("apply vsphere_content_library_item from the address of "+filepath.Base(file), func() (interface{}, error) {
			return t.createItem(kind, "remote "+filepath.Base(file), func(session string) error { return t.remote(session, file) })
		})
	}
}

// createItem completes the session in any case, and does not look at what that says.
func (t *provider) createItem(kind, name string, files func(string) error) (interface{}, error) {
	if _, err := t.lib.GetLibraryByID(ctx, t.library.id); err != nil {
		return nil, err
	}
	configured := m{"name": name, "description": "", "type": kind, "library_id": t.library.id}
	id, err := t.lib.CreateLibraryItem(ctx, library.Item{Name: name, Type: kind, LibraryID: t.library.id})
	if err != nil {
		return nil, err
	}
	update, err := t.lib.CreateLibraryItemUpdateSession(ctx, library.Session{LibraryItemID: id})
	if err != nil {
		return nil, err
	}
	err = files(update)
	_ = t.lib.CompleteLibraryItemUpdateSession(ctx, update)
	if err != nil {
		return nil, err
	}
	read, err := t.readItem(id)
	t.items = append(t.items, resource{id, configured, read})
	if err != nil {
		return nil, err
	}
	return t.sizes(id)
}

func (t *provider) sizes(item string) (interface{}, error) {
	files, err := t.lib.ListLibraryItemFiles(ctx, item)
	sizes := m{}
	for _, each := range files {
		sizes[each.Name] = *each.Size
	}
	return sizes, err
}

// deploy sends a local file as the provider does: a descriptor without checksums, of an OVA under the OVA's name.
func (t *provider) deploy(session, file string) error {
	path := filepath.Join(t.dir, file)
	switch filepath.Ext(file) {
	case ".ova":
		files, err := readArchive(path)
		if err != nil {
			return err
		}
		return t.deployArchive(session, file, files)
	case ".ovf":
		files, err := readDirectory(filepath.Dir(path))
		if err != nil {
			return err
		}
		return t.deployFiles(session, filepath.Base(file), files[filepath.Base(file)], files)
	}
	data, err := ioutil.ReadFile(path)
	if err != nil {
		return err
	}
	return push(t.lib, session, filepath.Base(file), data, nil)
}

func (t *provider) deployArchive(session, file string, files map[string][]byte) error {
	descriptor, _, err := readPackage(files)
	if err != nil {
		return err
	}
	return t.deployFiles(session, strings.TrimSuffix(filepath.Base(file), "ova")+"ovf", files[descriptor], files)
}

func (t *provider) deployFiles(session, name string, descriptor []byte, files map[string][]byte) error {
	envelope, err := ovf.Unmarshal(bytes.NewReader(descriptor))
	if err != nil {
		return err
	}
	if err = push(t.lib, session, name, descriptor, nil); err != nil {
		return err
	}
	for _, each := range envelope.References {
		if err = push(t.lib, session, each.Href, files[each.Href], nil); err != nil {
			return err
		}
	}
	return nil
}

// remote lets the server pull an OVF or ISO, waiting before the session is completed; of an OVA it sends what it downloads itself.
func (t *provider) remote(session, file string) error {
	uri := t.source + "/" + file
	if filepath.Ext(file) != ".ova" {
		if _, err := addFromURI(t.lib, session, filepath.Base(file), uri); err != nil {
			return err
		}
		return t.lib.WaitOnLibraryItemUpdateSession(ctx, session, time.Second, nil) // every 10 s in the provider
	}
	answer, err := http.Get(uri)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	files, err := untar(answer.Body)
	if err != nil {
		return err
	}
	return t.deployArchive(session, file, files)
}

// plan reads everything again; what differs from what was configured, or from what was read before, would be replaced.
func (t *provider) plan() (interface{}, error) {
	differences := []string{}
	compare := func(of resource, now m) {
		for name, value := range now {
			if set, is := of.configured[name]; is && !reflect.DeepEqual(set, value) || !reflect.DeepEqual(of.read[name], value) {
				differences = append(differences, fmt.Sprintf("%s: %v, was %v", name, value, of.read[name]))
			}
		}
	}
	read, err := t.readLibrary(t.library.id)
	if err != nil {
		return nil, err
	}
	compare(t.library, read)
	for _, each := range t.items {
		if read, err = t.readItem(each.id); err != nil {
			return nil, err
		}
		compare(each, read)
	}
	return differences, nil
}

// imported finds by their identifiers what others have made, and tells what a plan would change that is configured alike.
func (t *provider) imported() (interface{}, error) {
	published := true
	made := library.Library{Name: "imported", Type: "LOCAL",
		Storage: []library.StorageBackings{{DatastoreID: t.store.Reference().Value, Type: "DATASTORE"}},
		Publication: &library.Publication{AuthenticationMethod: "BASIC", Published: &published, UserName: "vcsp", Password: "s3cret of all"}}
	id, err := t.lib.CreateLibrary(ctx, made)
	if err != nil {
		return nil, err
	}
	read, err := t.readLibrary(id)
	if err != nil {
		return nil, err
	}
	publication := read["publication"].(m)
	delete(publication, "publish_url") // is computed
	differences := changed("publication.", m{"authentication_method": "BASIC", "username": "vcsp", "password": "s3cret of all",
		"published": true}, publication)
	delete(read, "publication")
	differences = append(differences, changed("", m{"name": "imported", "description": "",
		"storage_backing": []string{t.store.Reference().Value}}, read)...)
	item := t.items[0]
	if read, err = t.readItem(item.id); err != nil {
		return nil, err
	}
	configured := m{"file_url": "/path/to/image.iso"}
	for name, value := range item.configured {
		configured[name] = value
	}
	return append(differences, changed("", configured, read)...), t.lib.DeleteLibrary(ctx, &library.Library{ID: id, Type: "LOCAL"})
}

// changed names the attributes that are configured otherwise than they are read.
func changed(prefix string, configured, read m) []string {
	names := []string{}
	for name, value := range configured {
		if !reflect.DeepEqual(value, read[name]) {
			names = append(names, prefix+name)
		}
	}
	sort.Strings(names)
	return names
}

func (t *provider) dataSources() (interface{}, error) {
	found, err := t.lib.GetLibraryByName(ctx, "terraform's library")
	if err != nil {
		return nil, err
	}
	items, err := t.lib.FindLibraryItems(ctx, library.FindItem{LibraryID: found.ID, Name: "image.iso"})
	if err != nil || len(items) < 1 {
		return nil, fmt.Errorf("unable to find content library item: %v", err)
	}
	item, err := t.lib.GetLibraryItem(ctx, items[0])
	if err != nil {
		return nil, err
	}
	return m{"library": found.ID == t.library.id, "item": item.ID == t.items[0].id, "type": item.Type}, nil
}

func (t *provider) savedSession() (interface{}, error) {
	again, err := t.savedLogin()
	if err != nil {
		return nil, err
	}
	return again.SessionID() == t.rest.SessionID(), nil
}

func (t *provider) destroy() (interface{}, error) {
	for _, each := range t.items {
		found, err := t.lib.GetLibraryItem(ctx, each.id)
		if err != nil {
			return nil, err
		}
		if err = t.lib.DeleteLibraryItem(ctx, found); err != nil {
			return nil, err
		}
	}
	found, err := t.lib.GetLibraryByID(ctx, t.library.id)
	if err != nil {
		return nil, err
	}
	if err = t.lib.DeleteLibrary(ctx, found); err != nil {
		return nil, err
	}
	gone := []string{}
	if _, err = t.readLibrary(t.library.id); err != nil {
		gone = append(gone, err.Error())
	}
	if _, err = t.readItem(t.items[0].id); err != nil {
		gone = append(gone, err.Error())
	}
	return gone, nil
}

func (t *provider) endedSession() (interface{}, error) {
	before := t.rest.SessionID()
	if err := t.rest.Logout(ctx); err != nil {
		return nil, err
	}
	again, err := t.savedLogin()
	if err != nil {
		return nil, err
	}
	if again.SessionID() == before {
		return nil, errors.New("the session that was ended is used again")
	}
	if err = again.Logout(ctx); err != nil {
		return nil, err
	}
	return nil, t.client.Logout(ctx)
}
