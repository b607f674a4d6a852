"""The services of the Content Library API, one module each, named as the service is.

An operation turns structures into values of the rules, calls one rule and turns the result back. It catches nothing:
`faults` says what a caller hears of each error of the rules.
"""
