# what docs/guide/clients/terraform.md advises for imported resources
resource "vsphere_content_library" "published" {
  lifecycle {
    ignore_changes = [publication[0].password]
  }
}

resource "vsphere_content_library" "mirror" {
  lifecycle {
    ignore_changes = [subscription[0].password]
  }
}

resource "vsphere_content_library_item" "package" {
  lifecycle {
    ignore_changes = [file_url]
  }
}

resource "vsphere_content_library_item" "archive" {
  lifecycle {
    ignore_changes = [file_url]
  }
}
