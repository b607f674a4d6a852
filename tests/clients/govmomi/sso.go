package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/url"
	"time"

	"github.com/vmware/govmomi/lookup"
	lookuptypes "github.com/vmware/govmomi/lookup/types"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/ssoadmin"
	"github.com/vmware/govmomi/sts"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// sso is what govc does to log in with a token: it looks for the token service, gets tokens for a password,
// with and without a key, and logs in with them.
func sso(p *program) {
	s := &single{program: p}
	if !p.step("connect", s.connectAlone) {
		return
	}
	p.step("sso.service.ls", s.services)
	p.step("look for nothing", s.nothing)
	p.step("session.login -issue", s.bearer)
	p.step("session.login -token", s.loginBearer)
	p.step("rest login with a token", s.restLogin)
	p.step("rest login with a token for a key", s.restBound)
	p.step("token for a key", s.bound)
	p.step("session.login -token with a key", s.loginBound)
	p.step("session.login -renew", s.renew)
	p.step("log in with the renewed token", s.loginBound)
	p.step("session.login -clone", s.clone)
	p.step("a ticket is used once", s.cloneAgain)
	p.step("object.collect", s.collect)
	p.step("sso administration", s.admin)
	p.step("a wrong password", s.wrongPassword)
	p.step("a certificate without a password", s.certificateAlone)
	p.step("a changed token", s.changed)
}

type single struct {
	*program
	vim    *vim25.Client
	user   *url.Userinfo
	sts    *sts.Client
	signer *sts.Signer
	key    *sts.Signer
	ticket string
}

func (s *single) connectAlone() (interface{}, error) {
	client, err := s.connect()
	if err != nil {
		return nil, err
	}
	u, _ := s.parsed()
	s.vim, s.user = client.Client, u.User
	s.sts, err = sts.NewClient(ctx, s.vim)
	if err != nil {
		return nil, err
	}
	return s.sts.URL().Path, nil
}

func (s *single) services() (interface{}, error) {
	c, err := lookup.NewClient(ctx, s.vim)
	if err != nil {
		return nil, err
	}
	found, err := c.List(ctx, &lookuptypes.LookupServiceRegistrationFilter{})
	if err != nil {
		return nil, err
	}
	services := map[string][]string{}
	for _, each := range found {
		for _, endpoint := range each.ServiceEndpoints {
			u, err := url.Parse(endpoint.Url)
			if err != nil {
				return nil, err
			}
			if s.ca != "" && len(endpoint.SslTrust) == 0 {
				return nil, fmt.Errorf("%s has no certificate", u)
			}
			for _, trust := range endpoint.SslTrust {
				der, err := base64.StdEncoding.DecodeString(trust)
				if err == nil {
					_, err = x509.ParseCertificate(der)
				}
				if err != nil {
					return nil, err
				}
			}
			services[each.ServiceType.Type] = append(services[each.ServiceType.Type], u.Path)
		}
	}
	site, err := c.SiteID(ctx)
	return map[string]interface{}{"site": site, "services": services}, err
}

func (s *single) nothing() (interface{}, error) {
	c, err := lookup.NewClient(ctx, s.vim)
	if err != nil {
		return nil, err
	}
	filter := &lookuptypes.LookupServiceRegistrationFilter{
		ServiceType: &lookuptypes.LookupServiceRegistrationServiceType{Product: "com.vmware.nsx"}}
	found, err := c.List(ctx, filter)
	return len(found), err
}

func (s *single) bearer() (interface{}, error) {
	var err error
	s.signer, err = s.sts.Issue(ctx, sts.TokenRequest{Userinfo: s.user, Lifetime: 2 * time.Minute, Delegatable: true, Renewable: true})
	if err != nil {
		return nil, err
	}
	return s.signer.Lifetime.Expires.Sub(s.signer.Lifetime.Created).Seconds(), nil
}

// login logs in on a connection of its own, and says who has the session then.
func (s *single) login(signer *sts.Signer) (interface{}, error) {
	client, err := s.connect()
	if err != nil {
		return nil, err
	}
	manager := session.NewManager(client.Client)
	if err = manager.LoginByToken(client.WithHeader(ctx, soap.Header{Security: signer})); err != nil {
		return nil, err
	}
	found, err := manager.UserSession(ctx)
	if err != nil {
		return nil, err
	}
	return found.UserName, manager.Logout(ctx)
}

func (s *single) loginBearer() (interface{}, error) {
	return s.login(s.signer)
}

func (s *single) restWith(signer *sts.Signer) (interface{}, error) {
	c := s.newREST(s.vim)
	if err := c.LoginByToken(c.WithSigner(ctx, signer)); err != nil {
		return nil, err
	}
	found, err := c.Session(ctx)
	if err != nil {
		return nil, err
	}
	return found.User, c.Logout(ctx)
}

func (s *single) restLogin() (interface{}, error) {
	return s.restWith(s.signer)
}

func (s *single) restBound() (interface{}, error) {
	signer, err := s.issueBound(false)
	if err != nil {
		return nil, err
	}
	return s.restWith(signer)
}

func (s *single) issueBound(renewable bool) (*sts.Signer, error) {
	certificate, err := selfSigned()
	if err != nil {
		return nil, err
	}
	return s.sts.Issue(ctx, sts.TokenRequest{Userinfo: s.user, Certificate: certificate, Lifetime: time.Hour, Renewable: renewable, Delegatable: true})
}

func (s *single) bound() (interface{}, error) {
	var err error
	s.key, err = s.issueBound(true)
	if err != nil {
		return nil, err
	}
	return s.key.Lifetime.Expires.Sub(s.key.Lifetime.Created).Seconds(), nil
}

func (s *single) loginBound() (interface{}, error) {
	return s.login(s.key)
}

func (s *single) renew() (interface{}, error) {
	request := s.key.NewRequest()
	request.Lifetime = 2 * time.Hour
	renewed, err := s.sts.Renew(ctx, request)
	if err != nil {
		return nil, err
	}
	s.key = renewed
	return renewed.Lifetime.Expires.Sub(renewed.Lifetime.Created).Seconds(), nil
}

func (s *single) clone() (interface{}, error) {
	client, err := s.loginSOAP()
	if err != nil {
		return nil, err
	}
	if s.ticket, err = client.SessionManager.AcquireCloneTicket(ctx); err != nil {
		return nil, err
	}
	other, err := s.connect()
	if err != nil {
		return nil, err
	}
	if err = other.SessionManager.CloneSession(ctx, s.ticket); err != nil {
		return nil, err
	}
	first, err := client.SessionManager.UserSession(ctx)
	if err != nil {
		return nil, err
	}
	second, err := other.SessionManager.UserSession(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]interface{}{"user": second.UserName, "another": first.Key != second.Key}, nil
}

func (s *single) cloneAgain() (interface{}, error) {
	other, err := s.connect()
	if err != nil {
		return nil, err
	}
	return nil, other.SessionManager.CloneSession(ctx, s.ticket)
}

// collect waits for properties as govc does for those of tasks: by a collector and a filter of its own.
func (s *single) collect() (interface{}, error) {
	client, err := s.loginSOAP()
	if err != nil {
		return nil, err
	}
	found := map[string]interface{}{}
	root := client.ServiceContent.RootFolder
	err = property.Wait(ctx, property.DefaultCollector(client.Client), root, []string{"name"}, func(changes []types.PropertyChange) bool {
		for _, each := range changes {
			found[each.Name] = each.Val
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	return found, client.Logout(ctx)
}

func (s *single) admin() (interface{}, error) {
	c, err := ssoadmin.NewClient(ctx, s.vim)
	if err != nil {
		return nil, err
	}
	if err = c.Login(c.WithHeader(ctx, soap.Header{Security: s.signer})); err != nil {
		return nil, err
	}
	return c.Domain, c.Logout(ctx)
}

func (s *single) wrongPassword() (interface{}, error) {
	_, err := s.sts.Issue(ctx, sts.TokenRequest{Userinfo: url.UserPassword(s.user.Username(), "wrong")})
	return nil, err
}

func (s *single) certificateAlone() (interface{}, error) {
	certificate, err := selfSigned()
	if err != nil {
		return nil, err
	}
	_, err = s.sts.Issue(ctx, sts.TokenRequest{Certificate: certificate})
	return nil, err
}

func (s *single) changed() (interface{}, error) {
	other := *s.signer
	other.Token = other.Token[:len(other.Token)/2] + "x" + other.Token[len(other.Token)/2:]
	return s.login(&other)
}

func selfSigned() (*tls.Certificate, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "govmomi"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
