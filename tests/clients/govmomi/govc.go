package main

import (
	"errors"
	"fmt"
	"io/ioutil"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vapi/library"
	"github.com/vmware/govmomi/vapi/library/finder"
	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// user is what the steps of govc share.
type user struct {
	*program
	client *govmomi.Client
	rest   *rest.Client
	lib    *library.Manager
	store  *object.Datastore
	made   library.Library
	items  map[string]string
}

// step is a command, or a part of one.
type step struct {
	name string
	run  func() (interface{}, error)
}

const libraryName = "govc's library"

// govc makes the calls of govc's commands.
func govc(p *program) {
	u := &user{program: p, items: map[string]string{}}
	if !p.step("login by SOAP", u.login) || !p.step("login by REST", u.loginREST) {
		return
	}
	u.lookUp()
	u.libraries()
	u.imports()
	u.reads()
	u.changes()
	u.sessions()
	u.subscribers()
	u.follows()
	u.settings()
	u.labels()
	u.deploys()
	u.ends()
}

func (u *user) login() (data interface{}, err error) {
	if u.client, err = u.loginSOAP(); err != nil {
		return
	}
	about := u.client.ServiceContent.About
	return m{"name": about.Name, "version": about.Version, "build": about.Build, "apiType": about.ApiType, "vendor": about.Vendor}, nil
}

func (u *user) loginREST() (data interface{}, err error) {
	u.rest, err = u.program.loginREST(u.client.Client)
	u.lib = library.NewManager(u.rest)
	return
}

// lookUp is what stands before create and import: sessions, the inventory by the finder, and by views.
func (u *user) lookUp() {
	u.step("session.ls", func() (interface{}, error) {
		session, err := u.rest.Session(ctx)
		return session, err
	})
	u.step("the session of SOAP", func() (interface{}, error) {
		session, err := u.client.SessionManager.UserSession(ctx)
		if err != nil || session == nil {
			return nil, fmt.Errorf("no session: %v", err)
		}
		active, err := u.client.SessionManager.SessionIsActive(ctx)
		return m{"user": session.UserName, "active": active}, err
	})
	u.step("keep-alive", func() (interface{}, error) { return u.program.keepAlive(u.client.Client, u.rest) })
	u.step("finder", u.find)
	u.step("datastore.info", func() (interface{}, error) {
		var store mo.Datastore
		err := u.store.Properties(ctx, u.store.Reference(), []string{"name", "summary", "parent", "info"}, &store)
		return m{"name": store.Name, "type": store.Summary.Type, "accessible": store.Summary.Accessible,
			"capacity": store.Summary.Capacity, "url": store.Summary.Url, "parent": store.Parent.Value}, err
	})
	u.step("container view", u.view)
	u.step("search index", func() (interface{}, error) {
		index := object.NewSearchIndex(u.client.Client)
		found, err := index.FindByInventoryPath(ctx, u.store.InventoryPath)
		if err != nil || found == nil {
			return nil, fmt.Errorf("nothing at %s: %v", u.store.InventoryPath, err)
		}
		return found.Reference().Value, nil
	})
}

func (u *user) find() (data interface{}, err error) {
	inventory := find.NewFinder(u.client.Client, true)
	center, err := inventory.DefaultDatacenter(ctx)
	if err != nil {
		return
	}
	inventory.SetDatacenter(center)
	folders, err := center.Folders(ctx)
	if err != nil {
		return
	}
	all, err := inventory.DatastoreList(ctx, "*")
	if err != nil {
		return
	}
	if u.store, err = inventory.Datastore(ctx, u.datastore); err != nil {
		return
	}
	again, err := inventory.ObjectReference(ctx, u.store.Reference())
	if err != nil {
		return
	}
	_, missing := inventory.Datastore(ctx, "nowhere")
	return m{"datacenter": center.InventoryPath, "folder": folders.DatastoreFolder.InventoryPath, "datastores": len(all),
		"datastore": u.store.InventoryPath, "again": again.(*object.Datastore).InventoryPath, "missing": fmt.Sprint(missing)}, nil
}

func (u *user) view() (interface{}, error) {
	made, err := view.NewManager(u.client.Client).CreateContainerView(
		ctx, u.client.ServiceContent.RootFolder, []string{"Datastore"}, true)
	if err != nil {
		return nil, err
	}
	var stores []mo.Datastore
	if err = made.Retrieve(ctx, []string{"Datastore"}, []string{"name"}, &stores); err != nil {
		return nil, err
	}
	names := []string{}
	for _, each := range stores {
		names = append(names, each.Name)
	}
	return names, made.Destroy(ctx)
}

func (u *user) libraries() {
	u.step("library.create", func() (interface{}, error) {
		backing := []library.StorageBackings{{DatastoreID: u.store.Reference().Value, Type: "DATASTORE"}}
		spec := library.Library{Name: libraryName, Description: "by govc", Type: "LOCAL", Storage: backing}
		id, err := u.lib.CreateLibrary(ctx, spec)
		u.made.ID = id
		return id, err
	})
	u.step("library.ls", func() (interface{}, error) {
		all, err := u.lib.GetLibraries(ctx)
		names := []string{}
		for _, each := range all {
			names = append(names, each.Name)
		}
		return names, err
	})
	u.step("library.info", u.info)
	u.step("two libraries of one name", func() (interface{}, error) {
		id, err := u.lib.CreateLibrary(ctx, library.Library{Name: "GOVC'S LIBRARY", Type: "LOCAL", Storage: u.made.Storage})
		if err != nil {
			return nil, err
		}
		found, err := u.lib.FindLibrary(ctx, library.Find{Name: libraryName})
		if err != nil {
			return nil, err
		}
		return len(found), u.lib.DeleteLibrary(ctx, &library.Library{ID: id, Type: "LOCAL"})
	})
}

// info dereferences what govc's library.info does.
func (u *user) info() (interface{}, error) {
	found, err := one(u.lib, "/"+libraryName)
	if err != nil {
		return nil, err
	}
	u.made = found.GetResult().(library.Library)
	return m{"path": found.GetPath(), "type": u.made.Type, "version": u.made.Version, "created": u.made.CreationTime,
		"modified": u.made.LastModifiedTime, "published": *u.made.Publication.Published,
		"authentication": u.made.Publication.AuthenticationMethod, "json": *u.made.Publication.PersistJSON,
		"datastore": u.made.Storage[0].DatastoreID, "description": u.made.Description}, nil
}

func (u *user) imported(name string, item library.Item, files func(string) error) {
	u.step(name, func() (interface{}, error) {
		id, session, err := importItem(u.lib, item, files)
		if err != nil {
			return nil, err
		}
		u.items[item.Name] = id
		state, err := u.lib.GetLibraryItemUpdateSession(ctx, session)
		if err != nil {
			return nil, err
		}
		return state.State, nil
	})
}

func (u *user) imports() {
	image, err := ioutil.ReadFile(filepath.Join(u.dir, "image.iso"))
	if err != nil {
		panic(err)
	}
	u.imported("library.import of an ISO", named(u.made.ID, "iso", "image.iso"), func(session string) error {
		return push(u.lib, session, "image.iso", image, nil)
	})
	folder, err := readDirectory(filepath.Join(u.dir, "package"))
	if err != nil {
		panic(err)
	}
	u.imported("library.import of an OVF with its manifest", named(u.made.ID, "ovf", "tiny.ovf"), pushPackage(u.lib, folder))
	archive, err := readArchive(filepath.Join(u.dir, "tiny.ova"))
	if err != nil {
		panic(err)
	}
	unpacked := library.Item{LibraryID: u.made.ID, Type: "ovf", Name: "unpacked"}
	u.imported("library.import of an OVA", unpacked, pushPackage(u.lib, archive))
	whole, err := ioutil.ReadFile(filepath.Join(u.dir, "tiny.ova"))
	if err != nil {
		panic(err)
	}
	u.imported("upload with a token that is none", library.Item{LibraryID: u.made.ID, Name: "old"}, func(session string) error {
		added, err := u.lib.AddLibraryItemFile(ctx, session, library.UpdateFile{Name: "old.txt", SourceType: "PUSH", Size: 3})
		if err != nil {
			return err
		}
		target, err := url.Parse(added.UploadEndpoint.URI)
		if err != nil {
			return err
		}
		parameters := soap.DefaultUpload
		parameters.ContentLength = 3
		parameters.Headers = map[string]string{"vmware-api-session-id": session} // as govc did before 0.21
		return u.rest.Upload(ctx, strings.NewReader("old"), target, &parameters)
	})
	u.imported("an OVA that is sent as one file", library.Item{LibraryID: u.made.ID, Type: "ovf", Name: "whole"}, func(session string) error {
		return push(u.lib, session, "tiny.ova", whole, nil)
	})
	if u.source != "" {
		pulls := []struct{ kind, name, path string }{{"iso", "pulled", "/image.iso"}, {"iso", "pulled without HEAD", "/no-head/image.iso"},
			{"ovf", "pulled package", "/package/tiny.ovf"}, {"ovf", "pulled archive", "/tiny.ova"}}
		for _, each := range pulls {
			item := library.Item{LibraryID: u.made.ID, Type: each.kind, Name: each.name}
			u.pulled("library.import -pull of "+each.path, item, u.source+each.path)
		}
	}
}

// pulled is govc's import -pull: add, complete twice, poll every three seconds while ACTIVE.
func (u *user) pulled(name string, item library.Item, uri string) {
	u.step(name, func() (interface{}, error) {
		id, err := u.lib.CreateLibraryItem(ctx, item)
		if err != nil {
			return nil, err
		}
		u.items[item.Name] = id
		session, err := u.lib.CreateLibraryItemUpdateSession(ctx, library.Session{LibraryItemID: id})
		if err != nil {
			return nil, err
		}
		return pull(u.lib, session, uri)
	})
}

func (u *user) reads() {
	u.step("library.ls of items", func() (interface{}, error) {
		items, err := u.lib.GetLibraryItems(ctx, u.made.ID)
		found := m{}
		for _, each := range items {
			found[each.Name] = m{"type": each.Type, "size": each.Size, "version": each.ContentVersion,
				"created": each.CreationTime.Unix() > 0, "modified": each.LastModifiedTime.Unix() > 0}
		}
		return found, err
	})
	for _, path := range []string{"/*", "/" + libraryName, "/" + libraryName + "/", "/" + libraryName + "/tiny",
		"/" + libraryName + "/TINY/disk1.vmdk", "/" + libraryName + "/*/*.vmdk", "/" + u.made.ID + "/image/*"} {
		path := path
		u.step("finder "+path, func() (interface{}, error) {
			found, err := finder.NewFinder(u.lib).Find(ctx, path)
			paths := []string{}
			for _, each := range found {
				paths = append(paths, each.GetPath())
			}
			return paths, err
		})
	}
	u.step("library.item.file.info", func() (interface{}, error) {
		found, err := one(u.lib, "/"+libraryName+"/tiny/disk1.vmdk")
		if err != nil {
			return nil, err
		}
		file := found.GetResult().(library.File)
		return m{"size": *file.Size, "cached": *file.Cached, "algorithm": file.Checksum.Algorithm, "checksum": file.Checksum.Checksum,
			"version": file.Version}, nil
	})
	u.step("library.info -s", func() (interface{}, error) {
		all, err := itemStorages(u.lib, u.items["tiny"])
		if err != nil {
			return nil, err
		}
		one, err := itemStorage(u.lib, u.items["tiny"], "disk1.vmdk")
		return m{"all": all, "one": one}, err
	})
	u.step("library.info -L", func() (interface{}, error) {
		browser, err := u.store.Browser(ctx)
		if err != nil {
			return nil, err
		}
		directory := fmt.Sprintf("[%s] contentlib-%s/%s", u.datastore, u.made.ID, u.items["tiny"])
		task, err := browser.SearchDatastore(ctx, directory, &types.HostDatastoreBrowserSearchSpec{MatchPattern: []string{"disk1*.vmdk"}})
		if err != nil {
			return nil, err
		}
		info, err := task.WaitForResult(ctx, nil)
		if err != nil {
			return nil, err
		}
		names := []string{}
		for _, each := range info.Result.(types.HostDatastoreBrowserSearchResults).File {
			names = append(names, each.GetFileInfo().Path)
		}
		return names, nil
	})
	for _, name := range []string{"image", "tiny", "unpacked", "whole", "pulled", "pulled without HEAD",
		"pulled package", "pulled archive"} {
		if name := name; u.items[name] != "" {
			u.step("library.export of "+name, func() (interface{}, error) {
				directory := filepath.Join(u.dir, "exported", name)
				if err := os.MkdirAll(directory, 0o700); err != nil {
					return nil, err
				}
				return export(u.lib, u.items[name], directory)
			})
		}
	}
}

func (u *user) changes() {
	u.step("library.update", func() (interface{}, error) {
		if err := updateLibrary(u.lib, u.made.ID, "govc's other name", ""); err != nil {
			return nil, err
		}
		found, err := u.lib.GetLibraryByID(ctx, u.made.ID)
		return m{"name": found.Name, "description": found.Description}, err
	})
	u.step("library.update of an item", func() (interface{}, error) {
		if err := updateItem(u.lib, u.items["image"], "renamed", "by govc"); err != nil {
			return nil, err
		}
		found, err := u.lib.GetLibraryItem(ctx, u.items["image"])
		return m{"name": found.Name, "description": found.Description}, err
	})
	u.step("library.cp", func() (interface{}, error) {
		id, err := u.lib.CopyLibraryItem(ctx, &library.Item{ID: u.items["tiny"]}, library.Item{LibraryID: u.made.ID, Name: "copy"})
		if err != nil {
			return nil, err
		}
		files, err := u.lib.ListLibraryItemFiles(ctx, id)
		return len(files), err
	})
}

func (u *user) sessions() {
	var open, read string
	u.step("library.session.ls", func() (data interface{}, err error) {
		if open, err = u.lib.CreateLibraryItemUpdateSession(ctx, library.Session{LibraryItemID: u.items["image"]}); err != nil {
			return
		}
		if read, err = u.lib.CreateLibraryItemDownloadSession(ctx, library.Session{LibraryItemID: u.items["image"]}); err != nil {
			return
		}
		return u.listed()
	})
	u.step("library.session.ls -i", func() (data interface{}, err error) {
		if err = push(u.lib, open, "other.iso", []byte("other"), nil); err != nil {
			return
		}
		found := m{}
		files, err := updateSessionFiles(u.lib, open)
		for _, each := range files {
			found[each.Name] = each.Status
		}
		return found, err
	})
	u.step("library.session.rm of a file", func() (interface{}, error) {
		if err := removeFile(u.lib, open, "other.iso"); err != nil {
			return nil, err
		}
		files, err := updateSessionFiles(u.lib, open)
		return len(files), err
	})
	u.step("library.session.rm of an active session", func() (interface{}, error) {
		return nil, u.lib.DeleteLibraryItemUpdateSession(ctx, open)
	})
	u.step("library.session.rm -f", func() (interface{}, error) {
		if err := u.lib.CancelLibraryItemUpdateSession(ctx, open); err != nil {
			return nil, err
		}
		return nil, u.lib.DeleteLibraryItemUpdateSession(ctx, open)
	})
	u.step("library.session.rm -f of a download", func() (interface{}, error) {
		if _, err := u.lib.GetLibraryItemUpdateSession(ctx, read); err == nil {
			return nil, errors.New("a download session is no update session")
		}
		if err := u.lib.CancelLibraryItemDownloadSession(ctx, read); err != nil {
			return nil, err
		}
		return nil, u.lib.DeleteLibraryItemDownloadSession(ctx, read)
	})
	u.step("a session that failed", func() (interface{}, error) { return u.failed() })
	u.step("keep-alive of sessions", func() (interface{}, error) { return nil, u.kept() })
	u.step("library.rm of an item", func() (interface{}, error) {
		if err := u.lib.DeleteLibraryItem(ctx, &library.Item{ID: u.items["whole"]}); err != nil {
			return nil, err
		}
		found, err := u.lib.FindLibraryItems(ctx, library.FindItem{LibraryID: u.made.ID, Name: "whole"})
		return len(found), err
	})
}

// listed is library.session.ls, which looks up item and library of each session.
func (u *user) listed() (interface{}, error) {
	states := m{}
	for _, kind := range []struct {
		name string
		list func() ([]string, error)
		get  func(string) (*library.Session, error)
	}{
		{"Update", func() ([]string, error) { return u.lib.ListLibraryItemUpdateSession(ctx) },
			func(id string) (*library.Session, error) { return u.lib.GetLibraryItemUpdateSession(ctx, id) }},
		{"Download", func() ([]string, error) { return u.lib.ListLibraryItemDownloadSession(ctx) },
			func(id string) (*library.Session, error) { return u.lib.GetLibraryItemDownloadSession(ctx, id) }},
	} {
		ids, err := kind.list()
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			session, err := kind.get(id)
			if err != nil {
				return nil, err
			}
			if item, err := u.lib.GetLibraryItem(ctx, session.LibraryItemID); err != nil {
				return nil, err
			} else if _, err = u.lib.GetLibraryByID(ctx, item.LibraryID); err != nil {
				return nil, err
			}
			states[kind.name+" "+session.State] = session.ExpirationTime.Format("2006-01-02 15:04") != ""
		}
	}
	return states, nil
}

// failed fails a session; govmomi panics where a session in ERROR has no message.
func (u *user) failed() (interface{}, error) {
	session, err := u.lib.CreateLibraryItemUpdateSession(ctx, library.Session{LibraryItemID: u.items["image"]})
	if err != nil {
		return nil, err
	}
	if err = u.lib.FailLibraryItemUpdateSession(ctx, session); err == nil {
		return nil, errors.New("a reason is required")
	}
	if err = fail(u.lib, session, "the disk of the client broke"); err != nil {
		return nil, err
	}
	told := u.lib.WaitOnLibraryItemUpdateSession(ctx, session, 0, nil)
	if told == nil {
		return nil, errors.New("the session has not failed")
	}
	return told.Error(), u.lib.DeleteLibraryItemUpdateSession(ctx, session)
}

func (u *user) kept() error {
	session, err := u.lib.CreateLibraryItemUpdateSession(ctx, library.Session{LibraryItemID: u.items["image"]})
	if err != nil {
		return err
	}
	if err = u.lib.KeepAliveLibraryItemUpdateSession(ctx, session); err != nil {
		return err
	}
	read, err := u.lib.CreateLibraryItemDownloadSession(ctx, library.Session{LibraryItemID: u.items["image"]})
	if err != nil {
		return err
	}
	if err = u.lib.KeepAliveLibraryItemDownloadSession(ctx, read); err != nil {
		return err
	}
	return u.lib.CancelLibraryItemUpdateSession(ctx, session)
}

// subscribers are steps of their own each, as a server may have some of them.
func (u *user) subscribers() {
	made := &library.Library{ID: u.made.ID}
	steps := []step{
		{"library.publish", func() (interface{}, error) { return nil, u.lib.PublishLibrary(ctx, made, nil) }},
		{"library.publish of an item", func() (interface{}, error) {
			return nil, u.lib.PublishLibraryItem(ctx, &library.Item{ID: u.items["image"]}, true, nil)
		}},
		{"library.subscriber.ls of a private library", func() (interface{}, error) { return u.lib.ListSubscribers(ctx, made) }},
		{"library.subscriber.create of a private library", func() (interface{}, error) {
			return u.lib.CreateSubscriber(ctx, made, library.SubscriberLibrary{Target: "USE_EXISTING", LibraryID: u.made.ID,
				Location: "LOCAL"})
		}},
		{"library.subscriber.info of a private library", func() (interface{}, error) { return u.lib.GetSubscriber(ctx, made, "none") }},
		{"library.subscriber.rm of a private library", func() (interface{}, error) { return nil, u.lib.DeleteSubscriber(ctx, made, "none") }},
		{"library.sync of a local library", func() (interface{}, error) { return nil, u.lib.SyncLibrary(ctx, made) }},
		{"library.evict of a local item", func() (interface{}, error) { return nil, evictItem(u.lib, u.items["image"]) }},
		{"library.create -sub of nothing", func() (interface{}, error) { return u.subscribe("http://192.0.2.1/lib.json") }},
		{"library.probe", func() (interface{}, error) { return probe(u.lib, "http://192.0.2.1/lib.json") }},
	}
	for _, each := range steps {
		u.step(each.name, each.run)
	}
}

func (u *user) subscribe(address string) (string, error) {
	on := true
	sub := &library.Subscription{AuthenticationMethod: "NONE", AutomaticSyncEnabled: &on, OnDemand: &on, SubscriptionURL: address}
	return u.lib.CreateLibrary(ctx, library.Library{Name: "subscribed", Type: "SUBSCRIBED", Subscription: sub,
		Storage: u.made.Storage})
}

// follows is what becomes of a library that follows another one of the same server.
func (u *user) follows() {
	var source, follower *library.Library
	var item, subscriber string
	u.step("library.create -pub", func() (interface{}, error) {
		on := true
		id, err := u.lib.CreateLibrary(ctx, library.Library{Name: "published", Type: "LOCAL", Storage: u.made.Storage,
			Publication: &library.Publication{AuthenticationMethod: "NONE", Published: &on}})
		if err != nil {
			return nil, err
		}
		if source, err = u.lib.GetLibraryByID(ctx, id); err != nil {
			return nil, err
		}
		_, err = u.lib.CopyLibraryItem(ctx, &library.Item{ID: u.items["image"]}, library.Item{LibraryID: id, Name: "image"})
		return source.Publication.PublishURL, err
	})
	if source == nil || !u.step("library.create -sub", func() (interface{}, error) {
		id, err := u.subscribe(source.Publication.PublishURL)
		if err == nil {
			follower, err = u.lib.GetLibraryByID(ctx, id)
		}
		return follower, err
	}) {
		return
	}
	steps := []step{
		{"library.sync", func() (interface{}, error) { return nil, u.lib.SyncLibrary(ctx, follower) }},
		{"library.ls of what follows", func() (interface{}, error) {
			for tries := 0; tries < 100; tries++ {
				items, err := u.lib.GetLibraryItems(ctx, follower.ID)
				if err != nil || len(items) > 0 {
					item = items[0].ID
					return items, err
				}
				time.Sleep(100 * time.Millisecond)
			}
			return nil, errors.New("no item came")
		}},
		{"library.sync of an item", func() (interface{}, error) { return nil, u.lib.SyncLibraryItem(ctx, &library.Item{ID: item}, true) }},
		{"library.subscriber.create", func() (interface{}, error) {
			var err error
			subscriber, err = u.lib.CreateSubscriber(ctx, source, library.SubscriberLibrary{Target: "USE_EXISTING",
				LibraryID: follower.ID, Location: "LOCAL", Placement: &library.Placement{Folder: "group-v3"}})
			return subscriber, err
		}},
		{"library.subscriber.ls", func() (interface{}, error) { return u.lib.ListSubscribers(ctx, source) }},
		{"library.subscriber.info", func() (interface{}, error) { return u.lib.GetSubscriber(ctx, source, subscriber) }},
		{"library.publish to subscribers", func() (interface{}, error) { return nil, u.lib.PublishLibrary(ctx, source, []string{subscriber}) }},
		{"library.subscriber.rm", func() (interface{}, error) { return nil, u.lib.DeleteSubscriber(ctx, source, subscriber) }},
		{"library.evict of an item", func() (interface{}, error) { return nil, evictItem(u.lib, item) }},
		{"library.evict", func() (interface{}, error) { return nil, evict(u.lib, follower.ID) }},
		{"library.rm of what follows", func() (interface{}, error) { return nil, u.lib.DeleteLibrary(ctx, follower) }},
	}
	for _, each := range steps {
		u.step(each.name, each.run)
	}
}

func (u *user) settings() {
	usages := "/api/content/library/" + u.made.ID + "/usages"
	trusted := ""
	steps := []step{
		{"library.policy.ls", func() (interface{}, error) { return get(u.lib, policies) }},
		{"library.trust.create of nothing", func() (interface{}, error) {
			return send(u.lib, http.MethodPost, m{"cert_text": "none"}, certificates)
		}},
		{"library.trust.create", func() (interface{}, error) {
			text, err := ioutil.ReadFile(u.ca)
			if err != nil {
				return nil, err
			}
			made, err := send(u.lib, http.MethodPost, m{"cert_text": string(text)}, certificates)
			trusted, _ = made.(string)
			return made, err
		}},
		{"library.trust.ls", func() (interface{}, error) { return get(u.lib, certificates) }},
		{"library.trust.info", func() (interface{}, error) { return get(u.lib, certificates, trusted) }},
		{"library.trust.rm", func() (interface{}, error) { return send(u.lib, http.MethodDelete, nil, certificates, trusted) }},
		{"usages", func() (interface{}, error) { return get(u.lib, usages) }},
	}
	for _, each := range steps {
		u.step(each.name, each.run)
	}
}

func (u *user) ends() {
	u.step("library.rm", func() (interface{}, error) {
		if err := u.lib.DeleteLibrary(ctx, &library.Library{ID: u.made.ID}); err != nil {
			return nil, err
		}
		_, err := u.lib.GetLibraryByID(ctx, u.made.ID)
		return fmt.Sprint(err), nil
	})
	u.step("logout of REST", func() (interface{}, error) {
		if err := u.rest.Logout(ctx); err != nil {
			return nil, err
		}
		session, err := u.rest.Session(ctx)
		return session != nil, err
	})
	u.step("logout of SOAP", func() (interface{}, error) {
		if err := u.client.Logout(ctx); err != nil {
			return nil, err
		}
		session, err := u.client.SessionManager.UserSession(ctx)
		return session != nil, err
	})
}
