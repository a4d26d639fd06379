"""The built-in loss terms, a module each.

They are registered by the same decorator, and announced by the same entry points, as anybody's plugin. Feature maps F
and P have N channels and M positions; G is the Gram matrix FᵀF / M, so that pictures of any size compare.
"""
