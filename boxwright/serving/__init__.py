"""A trained model behind the wire contracts of the services that its clients were written for."""
