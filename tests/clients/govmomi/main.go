// A program over govmomi, the library that govc, Terraform's provider and Packer are made of. It makes their calls, in their
// order, and prints a line of JSON for each step.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
)

// settings are what a user gives to a tool.
type settings struct {
	url       string
	ca        string
	datastore string
	dir       string
	source    string
	arguments []string
}

// report is what became of a step; calls are what it sent.
type report struct {
	Step  string      `json:"step"`
	OK    bool        `json:"ok"`
	Error string      `json:"error,omitempty"`
	Data  interface{} `json:"data,omitempty"`
	Calls []string    `json:"calls"`
}

// program runs steps.
type program struct {
	settings
	calls []string
	out   *json.Encoder
}

var journeys = map[string]func(*program){"govc": govc, "terraform": terraform, "fault": fault, "token": token, "sso": sso}

func main() {
	p := &program{out: json.NewEncoder(os.Stdout)}
	flag.StringVar(&p.url, "url", "", "address with user and password, as GOVC_URL has it")
	flag.StringVar(&p.ca, "ca", "", "file with the certificate to trust; without it none is checked")
	flag.StringVar(&p.datastore, "datastore", "", "name of a datastore")
	flag.StringVar(&p.dir, "dir", ".", "directory with the files to import; exports go below it")
	flag.StringVar(&p.source, "source", "", "address of a web server with the same files, to pull from")
	flag.Parse()
	p.arguments = flag.Args()
	journey := journeys[flag.Arg(0)]
	if journey == nil {
		fmt.Fprintf(os.Stderr, "no journey %q\n", flag.Arg(0))
		os.Exit(2)
	}
	journey(p)
}

// step runs one step and prints its report; a panic is a failure like others.
func (p *program) step(name string, run func() (interface{}, error)) bool {
	p.calls = []string{}
	data, err := p.attempt(run)
	result := report{Step: name, OK: err == nil, Data: data, Calls: p.calls}
	if err != nil {
		result.Error = err.Error()
	}
	if err := p.out.Encode(result); err != nil {
		panic(err)
	}
	return result.OK
}

func (p *program) attempt(run func() (interface{}, error)) (data interface{}, err error) {
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("panic: %v", failure)
		}
	}()
	return run()
}
