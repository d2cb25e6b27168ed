"""The pages of compared explainers."""
