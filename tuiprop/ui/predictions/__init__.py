"""The Problem view."""
