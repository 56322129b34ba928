"""Endpoints of a server: worker processes that serve deployed models, and the gateway that brings requests to them."""
