"""The engine in a process: messages, their encoding, the pipe, server and client."""
