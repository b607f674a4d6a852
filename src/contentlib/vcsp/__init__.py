"""Implements the subscription protocol (VCSP), by which vCenters and Cloud Directors read a library over HTTP."""
