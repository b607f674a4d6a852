"""The byte edges: where the bytes of files come in and go out."""
