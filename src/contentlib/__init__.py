"""A self-hosted Content Library Service that speaks the API of vSphere's content libraries."""

__version__ = "0.1.0"
