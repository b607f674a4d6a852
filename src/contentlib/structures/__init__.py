"""The structures and enumerations that two services or more share, named as the contract names them."""
