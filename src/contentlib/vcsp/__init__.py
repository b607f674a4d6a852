"""The subscription protocol (VCSP), by which vCenters and Cloud Directors follow a library over plain HTTP."""
