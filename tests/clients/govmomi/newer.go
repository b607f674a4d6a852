package main

import (
	"net/http"
	"path"

	"github.com/vmware/govmomi/vapi/library"
	"github.com/vmware/govmomi/vim25/soap"
)

// What current versions of govmomi send that Debian's does not know yet, through the client of the one that is here.

const (
	content      = "/com/vmware/content"
	policies     = "/api/content/security-policies"
	certificates = "/api/content/trusted-certificates"
)

type m = map[string]interface{}

func updateLibrary(c *library.Manager, id, name, description string) error {
	u := c.Resource(content + "/library").WithID(id)
	return c.Do(ctx, u.Request(http.MethodPatch, m{"update_spec": m{"name": name, "description": description}}), nil)
}

func updateItem(c *library.Manager, id, name, description string) error {
	u := c.Resource(content + "/library/item").WithID(id)
	return c.Do(ctx, u.Request(http.MethodPatch, m{"update_spec": m{"name": name, "description": description}}), nil)
}

func itemStorage(c *library.Manager, item, file string) (res []m, err error) {
	u := c.Resource(content + "/library/item/storage").WithID(item).WithAction("get")
	return res, c.Do(ctx, u.Request(http.MethodPost, m{"file_name": file}), &res)
}

func itemStorages(c *library.Manager, item string) (res []m, err error) {
	u := c.Resource(content+"/library/item/storage").WithParam("library_item_id", item)
	return res, c.Do(ctx, u.Request(http.MethodGet), &res)
}

func updateSessionFiles(c *library.Manager, session string) (res []library.UpdateFile, err error) {
	u := c.Resource(content+"/library/item/updatesession/file").WithParam("update_session_id", session)
	return res, c.Do(ctx, u.Request(http.MethodGet), &res)
}

func removeFile(c *library.Manager, session, file string) error {
	u := c.Resource(content + "/library/item/updatesession/file").WithID(session).WithAction("remove")
	return c.Do(ctx, u.Request(http.MethodPost, m{"file_name": file}), nil)
}

func fail(c *library.Manager, session, reason string) error {
	u := c.Resource(content + "/library/item/update-session").WithID(session).WithAction("fail")
	return c.Do(ctx, u.Request(http.MethodPost, m{"client_error_message": reason}), nil)
}

func probe(c *library.Manager, uri string) (res m, err error) {
	u := c.Resource(content + "/library/item/updatesession/file").WithAction("probe")
	return res, c.Do(ctx, u.Request(http.MethodPost, m{"source_endpoint": m{"uri": uri}}), &res)
}

func evict(c *library.Manager, library string) error {
	u := c.Resource(content + "/subscribed-library").WithID(library).WithAction("evict")
	return c.Do(ctx, u.Request(http.MethodPost), nil)
}

func evictItem(c *library.Manager, item string) error {
	u := c.Resource(content + "/library/subscribed-item").WithID(item).WithAction("evict")
	return c.Do(ctx, u.Request(http.MethodPost), nil)
}

// get reads from an address below /api, which answers without an envelope.
func get(c *library.Manager, parts ...string) (res interface{}, err error) {
	return res, c.Do(ctx, c.Resource(path.Join(parts...)).Request(http.MethodGet), &res)
}

// send changes something below /api.
func send(c *library.Manager, method string, body interface{}, parts ...string) (res interface{}, err error) {
	u := c.Resource(path.Join(parts...))
	if method == http.MethodDelete {
		return nil, c.Do(ctx, u.Request(method), nil)
	}
	return res, c.Do(ctx, u.Request(method, body), &res)
}

// addFromURI has the size from a HEAD of its own, and asks the server to probe where that fails.
func addFromURI(c *library.Manager, session, name, uri string) (*library.UpdateFile, error) {
	file := library.UpdateFile{Name: name, SourceType: "PULL", SourceEndpoint: &library.TransferEndpoint{URI: uri}}
	if answer, err := c.Head(uri); err == nil {
		file.Size = answer.ContentLength
		if answer.TLS != nil {
			file.SourceEndpoint.SSLCertificateThumbprint = soap.ThumbprintSHA1(answer.TLS.PeerCertificates[0])
		}
	} else {
		probed, err := probe(c, uri)
		if err != nil {
			return nil, err
		}
		file.SourceEndpoint.SSLCertificateThumbprint, _ = probed["ssl_thumbprint"].(string)
	}
	return c.AddLibraryItemFile(ctx, session, file)
}
