/** Writes the commands that fetch an item with other tools. */

import { ROOT } from "../api/client";
import type { File, Item, Library } from "../api/types";

export interface Command {
  tool: string;
  text: string;
}

export function commands(library: Library, item: Item, files: readonly File[], user: string): Command[] {
  const server = ROOT.href.replace(/\/$/, "");
  return [
    { tool: "curl", text: curl(server, item, files, user) },
    { tool: "govc", text: govc(server, user, `${library.name}/${item.name}`) },
    { tool: "Terraform", text: terraform(ROOT.host, user, library.name, item) },
    { tool: "Ansible", text: ansible(ROOT, user, library.name, item.name) },
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

function terraform(host: string, user: string, library: string, { name, type }: Item): string {
  return `provider "vsphere" {
  vsphere_server = ${hcl(host)}
  user           = ${hcl(user)}
  # password: set VSPHERE_PASSWORD
}

data "vsphere_content_library" "library" {
  name = ${hcl(library)}
}

data "vsphere_content_library_item" "item" {
  name       = ${hcl(name)}
  type       = ${hcl(type || "ovf")}
  library_id = data.vsphere_content_library.library.id
}`;
}

function ansible(server: URL, user: string, library: string, item: string): string {
  return `- name: find the item
  vmware.vmware.content_library_item_info:
    hostname: ${JSON.stringify(server.hostname)}
    port: ${server.port || 443}
    username: ${JSON.stringify(user)}
    password: "{{ vmware_password }}"
    library_name: ${JSON.stringify(library)}
    library_item_name: ${JSON.stringify(item)}`;
}

/** A word of a POSIX shell. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A string of Terraform's language, in which \${ and %{ begin templates. */
function hcl(text: string): string {
  return JSON.stringify(text).replace(/([$%])\{/g, "$1$1{");
}
