"""Implements the services of the Content Library API, one module per service.

An operation converts structures to values of the rules, calls one rule and converts the result back. It catches nothing:
`faults` maps the errors of the rules to those that callers receive.
"""
