"""The small SOAP face: what govc, Terraform and pyVmomi ask of vSphere's Web Services before they speak REST.

Login and logout are those of the rest of the server; a small inventory is read through the property collector. Everything
else of vSphere is answered with the fault NotSupported.
"""
