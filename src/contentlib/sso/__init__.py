"""Implements single sign-on of vSphere: the look-up service, and the security token service (STS) with its SAML tokens."""
