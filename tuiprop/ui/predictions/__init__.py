"""The Problem screen: the predictions of the network."""
