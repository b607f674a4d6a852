terraform {
  required_providers {
    vsphere = {
      source  = "hashicorp/vsphere"
      version = "2.0.2"
    }
  }
}

variable "server" {}
variable "user" {}
variable "password" {}
variable "datastore" {}
variable "files" {}
variable "source_url" {}
variable "publication_password" {}

variable "description" {
  default = "what machines are made of"
}

variable "local_iso" {
  default = false
}

variable "resource_pool" {
  default = false
}

provider "vsphere" {
  vsphere_server    = var.server
  user              = var.user
  password          = var.password
  persist_session   = true
  vim_session_path  = "${path.root}/vim_sessions"
  rest_session_path = "${path.root}/rest_sessions"
  client_debug      = true
  client_debug_path = path.root
}

data "vsphere_datacenter" "here" {
  name = "Datacenter"
}

data "vsphere_datastore" "store" {
  name          = var.datastore
  datacenter_id = data.vsphere_datacenter.here.id
}

resource "vsphere_content_library" "images" {
  name            = "images"
  description     = var.description
  storage_backing = [data.vsphere_datastore.store.id]
}

resource "vsphere_content_library" "published" {
  name            = "published"
  storage_backing = [data.vsphere_datastore.store.id]

  publication {
    published             = true
    authentication_method = "BASIC"
    username              = "vcsp"
    password              = var.publication_password
  }
}

resource "vsphere_content_library" "mirror" {
  name            = "mirror"
  storage_backing = [data.vsphere_datastore.store.id]

  subscription {
    subscription_url      = vsphere_content_library.published.publication[0].publish_url
    authentication_method = "BASIC"
    username              = "vcsp"
    password              = var.publication_password
    automatic_sync        = true
    on_demand             = true
  }
}

resource "vsphere_content_library_item" "package" {
  name       = "package"
  type       = "ovf"
  library_id = vsphere_content_library.images.id
  file_url   = "${var.files}/package/tiny.ovf"
}

resource "vsphere_content_library_item" "archive" {
  name       = "archive"
  library_id = vsphere_content_library.published.id
  file_url   = "${var.files}/tiny.ova"
}

resource "vsphere_content_library_item" "fetched_package" {
  name       = "fetched package"
  library_id = vsphere_content_library.images.id
  file_url   = "${var.source_url}/package/tiny.ovf"
}

resource "vsphere_content_library_item" "fetched_archive" {
  name       = "fetched archive"
  library_id = vsphere_content_library.images.id
  file_url   = "${var.source_url}/tiny.ova"
}

resource "vsphere_content_library_item" "fetched_image" {
  name       = "fetched image"
  type       = "iso"
  library_id = vsphere_content_library.images.id
  file_url   = "${var.source_url}/image.iso"
}

resource "vsphere_content_library_item" "local_image" {
  count      = var.local_iso ? 1 : 0
  name       = "local image"
  type       = "iso"
  library_id = vsphere_content_library.images.id
  file_url   = "${var.files}/image.iso"
}

data "vsphere_content_library" "found" {
  name       = "published"
  depends_on = [vsphere_content_library.published]
}

data "vsphere_content_library_item" "found" {
  name       = "archive"
  type       = "ovf"
  library_id = data.vsphere_content_library.found.id
  depends_on = [vsphere_content_library_item.archive]
}

resource "vsphere_tag_category" "system" {
  name             = "system"
  cardinality      = "SINGLE"
  associable_types = ["com.vmware.content.Library", "Datastore"]
}

resource "vsphere_tag" "linux" {
  name        = "linux"
  category_id = vsphere_tag_category.system.id
}

data "vsphere_resource_pool" "missing" {
  count         = var.resource_pool ? 1 : 0
  name          = "Resources"
  datacenter_id = data.vsphere_datacenter.here.id
}

output "found" {
  value = [data.vsphere_content_library.found.id, data.vsphere_content_library_item.found.id]
}
