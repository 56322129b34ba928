"""The server's bench: trained models are measured on labelled data there, one after another."""
