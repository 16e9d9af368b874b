"""The notes, in NumPy: forward and backward propagation and the update of the parameters.

It imports NumPy and nothing else. Read it in this order: `equation`, `activation`, `loss`,
`network`, `initialization`, `propagation`, `optimizer`.
"""
