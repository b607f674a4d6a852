"""Authenticates callers with OpenID Connect: logins of people in a browser, and tokens that pipelines send."""
