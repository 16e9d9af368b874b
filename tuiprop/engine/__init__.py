"""The engine owns a run: questions in, views out; here or in a process of its own."""
