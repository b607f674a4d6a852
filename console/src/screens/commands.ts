/** Writes the commands that fetch an item with other tools. */

import { ROOT } from "../api/client";
import type { File, Item, Library } from "../api/types";

export interface Command {
  tool: string;
  text: string;
}

export function commands(library: Library, item: Item, files: readonly File[], user: string): Command[] {
  const server = ROOT.href.replace(/\/$/, "");
  const host = new URL(server).host;
  return [
    { tool: "curl", text: curl(server, item, files, user) },
    { tool: "govc", text: govc(server, user, `${library.name}/${item.name}`) },
    { tool: "Terraform", text: terraform(host, user, library.name, item.name) },
    { tool: "Ansible", text: ansible(host, user, library.name, item.name) },
  ];
}

function curl(server: string, item: Item, files: readonly File[], user: string): string {
  const login = `TOKEN=$(curl --silent --user ${quoted(user)} --request POST ${quoted(`${server}/api/session`)} | tr -d '"')`;
  const fetch = files.map(({ name }) => {
    const address = `${server}/api/content/library/item/${item.id}/file?name=${encodeURIComponent(name)}`;
    const find = `curl --silent --header "vmware-api-session-id: $TOKEN" ${quoted(address)} | sed 's/.*"file_download_endpoint":"\\([^"]*\\)".*/\\1/'`;
    return `curl --header "vmware-api-session-id: $TOKEN" --output ${quoted(name)} "$(${find})"`;
  });
  return [login, ...fetch].join("\n");
}

function govc(server: string, user: string, path: string): string {
  return [`export GOVC_URL=${quoted(server)} GOVC_USERNAME=${quoted(user)}  # and GOVC_PASSWORD`, `govc library.export ${quoted(`/${path}`)}`].join("\n");
}

function terraform(host: string, user: string, library: string, item: string): string {
  return `provider "vsphere" {
  vsphere_server = ${hcl(host)}
  user           = ${hcl(user)}
  # password: set VSPHERE_PASSWORD
}

data "vsphere_content_library" "library" {
  name = ${hcl(library)}
}

data "vsphere_content_library_item" "item" {
  name       = ${hcl(item)}
  type       = "ovf"
  library_id = data.vsphere_content_library.library.id
}`;
}

function ansible(host: string, user: string, library: string, item: string): string {
  return `- name: Find the item
  community.vmware.vmware_content_library_info:
    hostname: ${JSON.stringify(host)}
    username: ${JSON.stringify(user)}
    password: "{{ lookup('env', 'VMWARE_PASSWORD') }}"
  # library ${JSON.stringify(library)}, item ${JSON.stringify(item)}`;
}

/** A word of a POSIX shell. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A string of Terraform's language, in which \${ and %{ begin templates. */
function hcl(text: string): string {
  return JSON.stringify(text).replace(/([$%])\{/g, "$1$1{");
}
