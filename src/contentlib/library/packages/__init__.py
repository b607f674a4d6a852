"""Reads OVF descriptors, archives, manifests and signatures."""
