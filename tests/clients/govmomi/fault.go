package main

import (
	"io/ioutil"
	"os"
	"path/filepath"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/vapi/library"
)

const nowhere = "11111111-2222-4333-8444-555555555555"

// fault makes calls that go wrong, and tells what the user of a tool sees.
func fault(p *program) {
	faults := map[string]func(*program){"login": wrongLogin, "ended": endedSession, "missing": missing, "import": importing,
		"export": exporting}
	faults[p.arguments[1]](p)
}

func wrongLogin(p *program) {
	p.step("SOAP", func() (interface{}, error) {
		_, err := p.loginSOAP()
		return nil, err
	})
	p.step("REST", func() (interface{}, error) {
		client, err := p.connect()
		if err != nil {
			return nil, err
		}
		_, err = p.loginREST(client.Client)
		return nil, err
	})
}

// endedSession goes on after its sessions were ended by somebody else.
func endedSession(p *program) {
	client, err := p.loginSOAP()
	if err != nil {
		panic(err)
	}
	c, err := p.loginREST(client.Client)
	if err != nil {
		panic(err)
	}
	other := p.newREST(client.Client)
	other.SessionID(c.SessionID())
	if err = other.Logout(ctx); err != nil {
		panic(err)
	}
	if err = client.Logout(ctx); err != nil {
		panic(err)
	}
	p.step("SOAP", func() (interface{}, error) {
		return find.NewFinder(client.Client, true).DefaultDatacenter(ctx)
	})
	p.step("REST", func() (interface{}, error) { return library.NewManager(c).GetLibraries(ctx) })
	p.step("a session that is asked for", func() (interface{}, error) {
		session, err := c.Session(ctx)
		return session != nil, err
	})
	p.step("the session of SOAP that is asked for", func() (interface{}, error) {
		session, err := client.SessionManager.UserSession(ctx)
		return session != nil, err
	})
}

// manager is logged in.
func (p *program) manager() *library.Manager {
	client, err := p.connect()
	if err != nil {
		panic(err)
	}
	c, err := p.loginREST(client.Client)
	if err != nil {
		panic(err)
	}
	return library.NewManager(c)
}

func missing(p *program) {
	c := p.manager()
	p.step("library.info", func() (interface{}, error) { return c.GetLibraryByID(ctx, nowhere) })
	p.step("library.info by its name", func() (interface{}, error) { return one(c, "/nowhere") })
	p.step("data vsphere_content_library", func() (interface{}, error) { return c.GetLibraryByName(ctx, "nowhere") })
	p.step("library.rm", func() (interface{}, error) { return nil, c.DeleteLibrary(ctx, &library.Library{ID: nowhere}) })
	p.step("library.import", func() (interface{}, error) {
		return c.CreateLibraryItem(ctx, library.Item{LibraryID: nowhere, Name: "image"})
	})
}

// importing sends `image.iso` from the directory to a new library, with the checksum that was given, if any; its steps go on
// where a tool would stop, so that each place is seen where a user looks.
func importing(p *program) {
	c := p.manager()
	data, err := ioutil.ReadFile(filepath.Join(p.dir, "image.iso"))
	if err != nil {
		panic(err)
	}
	var sum *library.Checksum
	if len(p.arguments) > 2 {
		sum = &library.Checksum{Algorithm: "SHA256", Checksum: p.arguments[2]}
	}
	var item, session string
	p.step("create", func() (interface{}, error) {
		id, err := c.CreateLibrary(ctx, library.Library{Name: "faults", Type: "LOCAL"})
		if err != nil {
			return nil, err
		}
		if item, err = c.CreateLibraryItem(ctx, library.Item{LibraryID: id, Name: "image", Type: "iso"}); err != nil {
			return nil, err
		}
		session, err = c.CreateLibraryItemUpdateSession(ctx, library.Session{LibraryItemID: item})
		return nil, err
	})
	p.step("upload", func() (interface{}, error) { return nil, push(c, session, "image.iso", data, sum) })
	p.step("the file", func() (interface{}, error) {
		file, err := c.GetLibraryItemUpdateSessionFile(ctx, session, "image.iso")
		if err != nil {
			return nil, err
		}
		if file.ErrorMessage == nil {
			return file.Status, nil
		}
		return file.Status, file.ErrorMessage
	})
	p.step("complete", func() (interface{}, error) { return nil, c.CompleteLibraryItemUpdateSession(ctx, session) })
	p.step("wait", func() (interface{}, error) {
		if err := c.CancelLibraryItemUpdateSession(ctx, session); err != nil {
			return nil, err
		}
		return nil, c.WaitOnLibraryItemUpdateSession(ctx, session, 0, nil)
	})
	p.step("the next import", func() (interface{}, error) {
		found, err := c.GetLibraryItem(ctx, item)
		if err != nil {
			return nil, err
		}
		_, _, err = importItem(c, library.Item{LibraryID: found.LibraryID, Name: "image", Type: "iso"}, func(session string) error {
			return push(c, session, "other.iso", []byte("small"), nil)
		})
		return nil, err
	})
}

// exporting reads the only item of the library that is called "faults".
func exporting(p *program) {
	c := p.manager()
	p.step("export", func() (interface{}, error) {
		found, err := one(c, "/faults/image")
		if err != nil {
			return nil, err
		}
		directory := filepath.Join(p.dir, "exported")
		if err = os.MkdirAll(directory, 0o700); err != nil {
			return nil, err
		}
		return export(c, found.GetID(), directory)
	})
}
