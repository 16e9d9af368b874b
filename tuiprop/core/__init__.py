"""The notes, in NumPy: forward and backward propagation and the change of the parameters.

Imports NumPy and nothing else. Read in this order: `activation`, `loss`, `network`,
`propagation`, `optimizer`.
"""
