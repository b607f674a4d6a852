"""Packages: OVF descriptors, archives, manifests and signatures."""
