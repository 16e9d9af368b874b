"""The protocol between dashboard and engine: messages, encoding, pipe, server and clients."""
