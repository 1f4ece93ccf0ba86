"""Histories encrypted: the keys, the payload codec, and the server that lets a browser read what it encrypts."""
