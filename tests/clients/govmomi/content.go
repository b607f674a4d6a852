package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/ioutil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/vmware/govmomi/ovf"
	"github.com/vmware/govmomi/vapi/library"
	"github.com/vmware/govmomi/vapi/library/finder"
	"github.com/vmware/govmomi/vim25/soap"
)

// push adds a file to a session and sends its bytes.
func push(c *library.Manager, session, name string, data []byte, sum *library.Checksum) error {
	spec := library.UpdateFile{Name: name, SourceType: "PUSH", Checksum: sum, Size: int64(len(data))}
	return pushFrom(c, session, spec, bytes.NewReader(data))
}

func pushFrom(c *library.Manager, session string, spec library.UpdateFile, from io.Reader) error {
	added, err := c.AddLibraryItemFile(ctx, session, spec)
	if err != nil {
		return err
	}
	u, err := url.Parse(added.UploadEndpoint.URI)
	if err != nil {
		return err
	}
	parameters := soap.DefaultUpload
	parameters.ContentLength = spec.Size
	return c.Upload(ctx, from, u, &parameters)
}

// importItem is govc's library.import: an item, a session, its files, complete. The session's identifier comes back in any case.
func importItem(c *library.Manager, item library.Item, files func(session string) error) (id, session string, err error) {
	if id, err = c.CreateLibraryItem(ctx, item); err != nil {
		return
	}
	if session, err = c.CreateLibraryItemUpdateSession(ctx, library.Session{LibraryItemID: id}); err != nil {
		return
	}
	if err = files(session); err != nil {
		return
	}
	return id, session, c.CompleteLibraryItemUpdateSession(ctx, session)
}

// pushPackage sends a descriptor first, then what it references; a manifest only supplies the checksums.
func pushPackage(c *library.Manager, files map[string][]byte) func(string) error {
	return func(session string) error {
		descriptor, sums, err := readPackage(files)
		if err != nil {
			return err
		}
		if err = push(c, session, descriptor, files[descriptor], sums[descriptor]); err != nil {
			return err
		}
		envelope, err := ovf.Unmarshal(bytes.NewReader(files[descriptor]))
		if err != nil {
			return err
		}
		for _, each := range envelope.References {
			if err = push(c, session, each.Href, files[each.Href], sums[each.Href]); err != nil {
				return err
			}
		}
		return nil
	}
}

func readPackage(files map[string][]byte) (descriptor string, sums map[string]*library.Checksum, err error) {
	for name, data := range files {
		switch filepath.Ext(name) {
		case ".ovf":
			descriptor = name
		case ".mf":
			if sums, err = library.ReadManifest(bytes.NewReader(data)); err != nil {
				return
			}
		}
	}
	return
}

func readDirectory(directory string) (map[string][]byte, error) {
	entries, err := ioutil.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, entry := range entries {
		if files[entry.Name()], err = ioutil.ReadFile(filepath.Join(directory, entry.Name())); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func readArchive(file string) (map[string][]byte, error) {
	opened, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	return untar(opened)
}

func untar(from io.Reader) (map[string][]byte, error) {
	files := map[string][]byte{}
	for archive := tar.NewReader(from); ; {
		header, err := archive.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if files[header.Name], err = ioutil.ReadAll(archive); err != nil {
			return nil, err
		}
	}
}

// one finds exactly one thing at a path of govc, as flags.ContentLibraryResult does.
func one(c *library.Manager, path string) (finder.FindResult, error) {
	found, err := finder.NewFinder(c).Find(ctx, path)
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%q matches %d items", path, len(found))
	}
	return found[0], nil
}

// export is govc's library.export: prepare all files, wait for each, GET it into a file; the session is left open. It answers
// with the SHA-256 of what came.
func export(c *library.Manager, item, directory string) (interface{}, error) {
	session, err := c.CreateLibraryItemDownloadSession(ctx, library.Session{LibraryItemID: item})
	if err != nil {
		return nil, err
	}
	files, err := c.ListLibraryItemDownloadSessionFile(ctx, session)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if _, err = c.PrepareLibraryItemDownloadSessionFile(ctx, session, file.Name); err != nil {
			return nil, err
		}
	}
	sums := m{}
	for _, file := range files {
		if sums[file.Name], err = download(c, session, file.Name, directory); err != nil {
			return sums, err
		}
	}
	return sums, nil
}

func download(c *library.Manager, session, name, directory string) (string, error) {
	info, err := c.GetLibraryItemDownloadSessionFile(ctx, session, name)
	for err == nil && info.Status != "PREPARED" {
		time.Sleep(time.Second)
		info, err = c.GetLibraryItemDownloadSessionFile(ctx, session, name)
	}
	if err != nil {
		return "", err
	}
	u, err := url.Parse(info.DownloadEndpoint.URI)
	if err != nil {
		return "", err
	}
	file := filepath.Join(directory, name)
	parameters := soap.DefaultDownload
	if err = c.DownloadFile(ctx, file, u, &parameters); err != nil {
		return "", err
	}
	data, err := ioutil.ReadFile(file)
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), err
}

// named is an item of a file: the name without its ending, as govc names items.
func named(owner, kind, file string) library.Item {
	base := filepath.Base(file)
	return library.Item{LibraryID: owner, Type: kind, Name: strings.TrimSuffix(base, filepath.Ext(base))}
}

// pull is govc's import -pull after the session is there: add, complete, poll while ACTIVE.
func pull(c *library.Manager, session, uri string) (interface{}, error) {
	if _, err := addFromURI(c, session, filepath.Base(uri), uri); err != nil {
		return nil, err
	}
	if err := c.CompleteLibraryItemUpdateSession(ctx, session); err != nil {
		return nil, err
	}
	if err := c.WaitOnLibraryItemUpdateSession(ctx, session, 3*time.Second, nil); err != nil {
		return nil, err
	}
	state, err := c.GetLibraryItemUpdateSession(ctx, session)
	if err != nil {
		return nil, err
	}
	return state.State, nil
}
