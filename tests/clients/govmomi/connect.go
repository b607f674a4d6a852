package main

import (
	"context"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/session/keepalive"
	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/soap"
)

var ctx = context.Background()

// recorder notes what is sent.
type recorder struct {
	mu      sync.Mutex
	program *program
}

func (r *recorder) note(call string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.program.calls = append(r.program.calls, call)
}

// httpRecorder notes requests of REST and transfers.
type httpRecorder struct {
	*recorder
	next http.RoundTripper
}

func (r httpRecorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.note(req.Method + " " + req.URL.RequestURI())
	return r.next.RoundTrip(req)
}

// soapRecorder notes the names of methods that were answered without a fault.
type soapRecorder struct {
	*recorder
	next soap.RoundTripper
}

func (r soapRecorder) RoundTrip(ctx context.Context, req, res soap.HasFault) error {
	err := r.next.RoundTrip(ctx, req, res)
	if err == nil {
		r.note(strings.TrimSuffix(reflect.TypeOf(req).Elem().Name(), "Body"))
	}
	return err
}

// parsed is the address as tools take it: the path /sdk and https are not needed.
func (p *program) parsed() (*url.URL, error) {
	return soap.ParseURL(p.url)
}

// connect is govc's: a client that is not logged in, which trusts the certificate that it was given.
func (p *program) connect() (*govmomi.Client, error) {
	u, err := p.parsed()
	if err != nil {
		return nil, err
	}
	client := soap.NewClient(u, p.ca == "")
	if p.ca != "" {
		if err = client.SetRootCAs(p.ca); err != nil {
			return nil, err
		}
	}
	p.calls = append(p.calls, "RetrieveServiceContent")
	vim, err := vim25.NewClient(ctx, client)
	if err != nil {
		return nil, err
	}
	vim.RoundTripper = soapRecorder{&recorder{program: p}, vim.RoundTripper}
	return &govmomi.Client{Client: vim, SessionManager: session.NewManager(vim)}, nil
}

// loginSOAP connects and logs in.
func (p *program) loginSOAP() (*govmomi.Client, error) {
	client, err := p.connect()
	if err != nil {
		return nil, err
	}
	u, _ := p.parsed()
	return client, client.Login(ctx, u.User)
}

// newREST is a client of the REST services that is not logged in.
func (p *program) newREST(client *vim25.Client) *rest.Client {
	c := rest.NewClient(client)
	c.Transport = httpRecorder{&recorder{program: p}, c.Transport}
	return c
}

// loginREST logs in to the REST services.
func (p *program) loginREST(client *vim25.Client) (*rest.Client, error) {
	c := p.newREST(client)
	u, err := p.parsed()
	if err != nil {
		return nil, err
	}
	return c, c.Login(ctx, u.User)
}

// keepAlive lets both keep-alive handlers of govmomi beat a few times, as they do every ten minutes.
func (p *program) keepAlive(vim *vim25.Client, c *rest.Client) (interface{}, error) {
	beat := 20 * time.Millisecond
	handlers := []interface {
		Start()
		Stop()
	}{keepalive.NewHandlerREST(c, beat, nil), keepalive.NewHandlerSOAP(vim.RoundTripper, beat, nil)}
	for _, each := range handlers {
		each.Start()
		time.Sleep(10 * beat)
		each.Stop()
	}
	return len(p.calls), nil
}
