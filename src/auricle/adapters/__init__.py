"""Adapters: models that are no plain network, made into classifiers."""
