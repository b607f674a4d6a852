"""Implements the SOAP calls of vSphere's Web Services that govc, Terraform and pyVmomi make before they use REST.

Login and logout use the login sessions of the server. The property collector reads a small inventory. All other calls fail with
NotSupported.
"""
